//! Spatial reference systems: which numbers there are, and what their names are in types' JSON.

use std::sync::LazyLock;

use crate::error::{SparkError, SparkResult};

/// Systems of one authority whose numbers follow each other.
struct Range {
    first: i32,
    last: i32,
    authority: &'static str,
    /// Whether places are longitudes and latitudes.
    is_geographic: bool,
}

/// In the order of their numbers.
static KNOWN: LazyLock<Vec<Range>> = LazyLock::new(|| {
    let lines = include_str!("../data/spatial-references.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some(Range {
                first: columns.next()?.parse().ok()?,
                last: columns.next()?.parse().ok()?,
                authority: columns.next()?,
                is_geographic: columns.next()? == "G",
            })
        })
        .collect()
});

/// Names that do not follow from the numbers.
const NAMES: &[(i32, &str)] = &[(0, "SRID:0"), (4267, "OGC:CRS27"), (4269, "OGC:CRS83"), (4326, "OGC:CRS84")];

fn find(srid: i32) -> Option<&'static Range> {
    let index = KNOWN.partition_point(|range| range.last < srid);
    KNOWN.get(index).filter(|range| range.first <= srid)
}

/// An error unless geometries may refer to the system.
pub fn check_geometry(srid: i32) -> SparkResult<()> {
    check(srid, srid == 0 || find(srid).is_some())
}

/// An error unless geographies may refer to the system.
pub fn check_geography(srid: i32) -> SparkResult<()> {
    check(srid, find(srid).is_some_and(|range| range.is_geographic))
}

fn check(srid: i32, is_known: bool) -> SparkResult<()> {
    if is_known { Ok(()) } else { Err(SparkError::new("ST_INVALID_SRID_VALUE").param("srid", srid.to_string())) }
}

/// The name of a system in types' JSON; `None` is any.
pub fn name(srid: Option<i32>) -> String {
    let Some(srid) = srid else { return "SRID:ANY".to_owned() };
    match NAMES.iter().find(|(known, _)| *known == srid) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("{}:{srid}", find(srid).map_or("SRID", |range| range.authority)),
    }
}

/// The system of a name; `Some(None)` is any.
pub fn of_name(name: &str) -> Option<Option<i32>> {
    if name.eq_ignore_ascii_case("SRID:ANY") {
        return Some(None);
    }
    if let Some((srid, _)) = NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)) {
        return Some(Some(*srid));
    }
    let (authority, number) = name.split_once(':')?;
    let srid: i32 = number.parse().ok()?;
    find(srid).filter(|range| range.authority.eq_ignore_ascii_case(authority)).map(|_| Some(srid))
}

#[cfg(test)]
mod tests {
    use super::{check_geography, check_geometry, name, of_name};

    #[test]
    fn numbers_have_names() {
        for srid in [0, 3857, 4326, 32633, 102_100] {
            check_geometry(srid).unwrap();
            assert_eq!(of_name(&name(Some(srid))), Some(Some(srid)));
        }
        assert_eq!(name(Some(32633)), "EPSG:32633");
        assert_eq!(name(Some(102_100)), "ESRI:102100");
        assert!(check_geography(4326).is_ok() && check_geography(3857).is_err() && check_geography(0).is_err());
        assert!(check_geometry(9999).is_err() && check_geometry(-1).is_err());
    }
}
