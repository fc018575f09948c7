#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;
use firesteel_storage::SaveMode;
use std::path::Path;
use support::Fixture;
#[tokio::test]
async fn keep() {
    let fixture = Fixture::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/spark.parquet");
    let source = fixture.open("parquet", &path, &[]).await.unwrap();
    let batches = fixture.batches(&source).await.unwrap();
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "lz4_raw"] {
        fixture
            .write(
                "parquet",
                Path::new(&format!("/tmp/st/ours/{codec}")),
                SaveMode::Overwrite,
                &[("compression", codec)],
                &[],
                &source.schema,
                vec![batches.clone()],
            )
            .await
            .unwrap();
    }
    fixture
        .write(
            "parquet",
            Path::new("/tmp/st/ours/parts"),
            SaveMode::Overwrite,
            &[],
            &["v", "t", "d"],
            &source.schema,
            vec![batches.clone()],
        )
        .await
        .unwrap();
}
