//! Hashes, recorded from Apache Spark 4.2.1.

use firesteel_base::SparkType;

use crate::kernel::evaluate::{answer, constant, int, text, value};

#[test]
fn of_rows() {
    let arguments = [text("Spark"), value("array", &[int(123)]), int(2)];
    assert_eq!(answer("hash", &arguments), "-1321691492");
    assert_eq!(answer("xxhash64", &arguments), "5602566077635097486");
    for (data_type, of, murmur) in [
        (SparkType::Long, "1", "-1712319331"),
        (SparkType::decimal(2, 1), "1.5", "-18083236"),
        (SparkType::decimal(38, 2), "1.5", "-339019914"),
        (SparkType::Boolean, "true", "-559580957"),
        (SparkType::Float, "1.5", "-221251528"),
        (SparkType::Double, "-0.0", "-1670924195"),
        (SparkType::STRING, "abcde", "814637928"),
        (SparkType::Date, "2024-01-01", "-456589419"),
        (SparkType::CalendarInterval, "1 years 2 months 25 days 5 hours 6 minutes 7 seconds", "827576014"),
    ] {
        assert_eq!(answer("hash", &[constant(&data_type, Some(of))]), murmur, "{data_type:?} {of}");
    }
    assert_eq!(answer("hash", &[constant(&SparkType::STRING, None)]), "42");
    assert_eq!(answer("xxhash64", &[constant(&SparkType::decimal(38, 2), Some("-1.5"))]), "-6659465364316328129");
}

#[test]
fn of_bytes() {
    assert_eq!(answer("md5", &[text("Spark")]), "8cde774d6f7333752ed72cacddb05126");
    assert_eq!(answer("sha1", &[text("Spark")]), "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c");
    assert_eq!(answer("sha2", &[text("Spark"), int(224)]), "dbeab94971678d36af2195851c0f7485775a2a7c60073d62fc04549c");
    assert_eq!(
        answer("sha2", &[text("Spark"), int(0)]),
        "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b"
    );
    assert_eq!(answer("sha2", &[text("Spark"), int(5)]), "NULL");
    assert_eq!(answer("crc32", &[text("Spark")]), "1557323817");
}
