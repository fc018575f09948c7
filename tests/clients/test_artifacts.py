"""Uploads of files."""

import zipfile

import pyspark
import pytest
from pyspark.errors import PySparkException


@pytest.mark.skipif(pyspark.__version__.startswith("3."), reason="errors have no conditions there")
def test_files_are_taken_once(spark, tmp_path):
    module = tmp_path / "module.py"
    module.write_text("x = 1\n")
    spark.addArtifacts(str(module), pyfile=True)
    spark.addArtifacts(str(module), pyfile=True)
    module.write_text("x = 2\n")
    with pytest.raises(PySparkException) as error:
        spark.addArtifacts(str(module), pyfile=True)
    assert error.value.getCondition() == "ARTIFACT_ALREADY_EXISTS"
    archive = tmp_path / "environment.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("module.py", "y = 1")
    spark.addArtifacts(f"{archive}#environment", archive=True)
    spark.addArtifacts(str(module), file=True)
