//! Well-known binary: geometries as bytes, read with every check that Spark makes, and written again in either order of
//! bytes.

use firesteel_base::{SparkError, SparkResult};

/// How deep collections may nest.
const NESTING_MAX: usize = 200;

/// The kinds of geometries, as their numbers tell them.
const POINT: i32 = 1;
const LINE_STRING: i32 = 2;
const POLYGON: i32 = 3;
const MULTI_POINT: i32 = 4;
const MULTI_LINE_STRING: i32 = 5;
const MULTI_POLYGON: i32 = 6;
const COLLECTION: i32 = 7;

/// A geometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// The number of its kind, with 1000 for Z, 2000 for M and 3000 for both.
    code: i32,
    parts: Parts,
}

#[derive(Clone, Debug, PartialEq)]
enum Parts {
    /// Of each point as many numbers as there are dimensions.
    Points(Vec<f64>),
    Rings(Vec<Vec<f64>>),
    Geometries(Vec<Geometry>),
}

/// In which order a number's bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    Big,
    Little,
}

/// Reads bytes; `is_geographic` demands longitudes and latitudes.
pub fn read(bytes: &[u8], is_geographic: bool) -> SparkResult<Geometry> {
    if bytes.is_empty() {
        return Err(parse_error("WKB data is empty or null", 0));
    }
    let mut reader = Reader { bytes, position: 0, order: ByteOrder::Little, is_geographic };
    reader.geometry(None, 0)
}

fn parse_error(message: impl Into<String>, position: usize) -> SparkError {
    SparkError::new("WKB_PARSE_ERROR").param("parseError", message.into()).param("pos", position.to_string())
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    order: ByteOrder,
    is_geographic: bool,
}

impl Reader<'_> {
    fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    fn take<const N: usize>(&mut self) -> SparkResult<[u8; N]> {
        let taken = self.bytes.get(self.position..).and_then(|rest| rest.first_chunk::<N>());
        let taken = *taken.ok_or_else(|| parse_error("Unexpected end of WKB buffer", self.position))?;
        self.position += N;
        Ok(taken)
    }

    fn int(&mut self) -> SparkResult<i32> {
        let bytes = self.take::<4>()?;
        Ok(match self.order {
            ByteOrder::Big => i32::from_be_bytes(bytes),
            ByteOrder::Little => i32::from_le_bytes(bytes),
        })
    }

    fn double(&mut self) -> SparkResult<f64> {
        let bytes = self.take::<8>()?;
        Ok(match self.order {
            ByteOrder::Big => f64::from_be_bytes(bytes),
            ByteOrder::Little => f64::from_le_bytes(bytes),
        })
    }

    /// How many parts follow, each of at least so many bytes.
    fn count(&mut self, what: &str, least: usize) -> SparkResult<usize> {
        let at = self.position;
        let count = self.int()?;
        let Ok(parts) = usize::try_from(count) else {
            return Err(parse_error(format!("Invalid count for {what}: {count}"), at));
        };
        if parts.saturating_mul(least) > self.remaining() {
            return Err(parse_error(format!("Invalid count for {what}: exceeds remaining bytes"), at));
        }
        Ok(parts)
    }

    /// One point. An empty one is of numbers that are none.
    fn point(&mut self, dimensions: usize, may_be_empty: bool, into: &mut Vec<f64>) -> SparkResult<()> {
        for dimension in 0..dimensions {
            let at = self.position;
            let value = self.double()?;
            let limit = match (self.is_geographic, dimension) {
                (true, 0) => 180.0,
                (true, 1) => 90.0,
                _ => f64::MAX,
            };
            let is_valid = if value.is_nan() { may_be_empty } else { value.abs() <= limit };
            if !is_valid {
                return Err(parse_error("Invalid coordinate value found", at));
            }
            into.push(value);
        }
        Ok(())
    }

    fn points(&mut self, count: usize, dimensions: usize) -> SparkResult<Vec<f64>> {
        let mut points = Vec::with_capacity(count * dimensions);
        for _ in 0..count {
            self.point(dimensions, false, &mut points)?;
        }
        Ok(points)
    }

    fn ring(&mut self, dimensions: usize) -> SparkResult<Vec<f64>> {
        let at = self.position;
        let count = self.count("ring points", dimensions * 8)?;
        let ring = self.points(count, dimensions)?;
        if count < 4 {
            return Err(parse_error("Too few points in ring", at));
        }
        if ring.get(..dimensions) != ring.get(ring.len() - dimensions..) {
            return Err(parse_error("Ring is not closed", at));
        }
        Ok(ring)
    }

    /// A geometry, inside of one with these dimensions.
    fn geometry(&mut self, around: Option<i32>, depth: usize) -> SparkResult<Geometry> {
        if depth > NESTING_MAX {
            return Err(SparkError::unsupported(format!("geometries nested more than {NESTING_MAX} levels deep")));
        }
        let at = self.position;
        if self.remaining() < 5 {
            return Err(parse_error("Unexpected end of WKB buffer", at));
        }
        let outer = self.order;
        self.order = match self.take::<1>()? {
            [0] => ByteOrder::Big,
            [1] => ByteOrder::Little,
            [order] => return Err(parse_error(format!("Invalid byte order {order}"), at)),
        };
        let code = self.int()?;
        let (kind, flags) = (code.rem_euclid(1000), code.div_euclid(1000));
        let fits = around.is_none_or(|around| around == flags);
        if !(POINT..=COLLECTION).contains(&kind) || !(0..=3).contains(&flags) || !fits {
            return Err(parse_error(format!("Invalid or unsupported type {code}"), at + 1));
        }
        let parts = self.parts(code, depth)?;
        self.order = outer;
        Ok(Geometry { code, parts })
    }

    fn parts(&mut self, code: i32, depth: usize) -> SparkResult<Parts> {
        let dimensions = dimensions(code);
        Ok(match code % 1000 {
            POINT => {
                let mut point = Vec::with_capacity(dimensions);
                self.point(dimensions, true, &mut point)?;
                Parts::Points(point)
            }
            LINE_STRING => {
                let at = self.position;
                let count = self.count("LineString points", dimensions * 8)?;
                let points = self.points(count, dimensions)?;
                if count == 1 {
                    return Err(parse_error("Too few points in linestring", at));
                }
                Parts::Points(points)
            }
            POLYGON => {
                let count = self.count("polygon rings", 4)?;
                Parts::Rings((0..count).map(|_| self.ring(dimensions)).collect::<SparkResult<_>>()?)
            }
            kind => {
                let (what, of) = match kind {
                    MULTI_POINT => ("MultiPoint points", Some((POINT, "Point in MultiPoint"))),
                    MULTI_LINE_STRING => {
                        ("MultiLineString line strings", Some((LINE_STRING, "LineString in MultiLineString")))
                    }
                    MULTI_POLYGON => ("MultiPolygon polygons", Some((POLYGON, "Polygon in MultiPolygon"))),
                    _ => ("GeometryCollection geometries", None),
                };
                let count = self.count(what, 5)?;
                let mut geometries = Vec::new();
                for _ in 0..count {
                    let geometry = self.geometry(Some(code / 1000), depth + 1)?;
                    if let Some((kind, name)) = of
                        && geometry.code % 1000 != kind
                    {
                        return Err(parse_error(format!("Expected {name}"), self.position));
                    }
                    geometries.push(geometry);
                }
                Parts::Geometries(geometries)
            }
        })
    }
}

const fn dimensions(code: i32) -> usize {
    match code / 1000 {
        0 => 2,
        1 | 2 => 3,
        _ => 4,
    }
}

impl Geometry {
    /// The bytes in this order.
    pub fn write(&self, order: ByteOrder, out: &mut Vec<u8>) {
        out.push(u8::from(order == ByteOrder::Little));
        write_int(self.code, order, out);
        let dimensions = dimensions(self.code);
        match &self.parts {
            Parts::Points(points) => {
                if self.code % 1000 != POINT {
                    write_count(points.len() / dimensions, order, out);
                }
                write_points(points, order, out);
            }
            Parts::Rings(rings) => {
                write_count(rings.len(), order, out);
                for ring in rings {
                    write_count(ring.len() / dimensions, order, out);
                    write_points(ring, order, out);
                }
            }
            Parts::Geometries(geometries) => {
                write_count(geometries.len(), order, out);
                for geometry in geometries {
                    geometry.write(order, out);
                }
            }
        }
    }

    /// Well-known text.
    pub fn write_text(&self, out: &mut String) {
        let names =
            ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"];
        let index = usize::try_from(self.code % 1000 - 1).unwrap_or(0);
        out.push_str(names.get(index).copied().unwrap_or_default());
        out.push_str(match self.code / 1000 {
            1 => " Z ",
            2 => " M ",
            3 => " ZM ",
            _ => "",
        });
        self.write_parts(out);
    }

    fn write_parts(&self, out: &mut String) {
        let dimensions = dimensions(self.code);
        match &self.parts {
            Parts::Points(points) if points.iter().all(|value| value.is_nan()) => out.push_str(" EMPTY"),
            Parts::Points(points) => write_tuples(points, dimensions, out),
            Parts::Rings(rings) => {
                write_list(rings, out, |ring, out| write_tuples(ring, dimensions, out));
            }
            Parts::Geometries(geometries) => {
                let is_collection = self.code % 1000 == COLLECTION;
                write_list(geometries, out, |geometry, out| {
                    if is_collection { geometry.write_text(out) } else { geometry.write_parts(out) }
                });
            }
        }
    }
}

fn write_int(value: i32, order: ByteOrder, out: &mut Vec<u8>) {
    out.extend_from_slice(&match order {
        ByteOrder::Big => value.to_be_bytes(),
        ByteOrder::Little => value.to_le_bytes(),
    });
}

fn write_count(count: usize, order: ByteOrder, out: &mut Vec<u8>) {
    // It was read from as many bits.
    write_int(i32::try_from(count).unwrap_or(i32::MAX), order, out);
}

fn write_points(points: &[f64], order: ByteOrder, out: &mut Vec<u8>) {
    for value in points {
        out.extend_from_slice(&match order {
            ByteOrder::Big => value.to_be_bytes(),
            ByteOrder::Little => value.to_le_bytes(),
        });
    }
}

fn write_list<T>(items: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    if items.is_empty() {
        out.push_str(" EMPTY");
        return;
    }
    out.push('(');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(')');
}

fn write_tuples(points: &[f64], dimensions: usize, out: &mut String) {
    let points: Vec<&[f64]> = points.chunks(dimensions).collect();
    write_list(&points, out, |point, out| {
        let values: Vec<String> = point.iter().map(ToString::to_string).collect();
        out.push_str(&values.join(" "));
    });
}

#[cfg(test)]
mod tests {
    use super::{ByteOrder, read};

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn error(hex: &str) -> String {
        let error = read(&bytes(hex), true).unwrap_err();
        error.to_string()
    }

    #[test]
    fn geometries_are_read_and_written_again() {
        let point = read(&bytes("00000000013ff00000000000004000000000000000"), true).unwrap();
        let (mut little, mut text) = (Vec::new(), String::new());
        point.write(ByteOrder::Little, &mut little);
        point.write_text(&mut text);
        assert_eq!(little, bytes("0101000000000000000000f03f0000000000000040"));
        assert_eq!(text, "POINT(1 2)");
    }

    #[test]
    fn faults_are_told_with_their_places() {
        for (hex, message) in [
            ("6f", "Unexpected end of WKB buffer at position 0"),
            ("0201000000000000000000f03f0000000000000040", "Invalid byte order 2 at position 0"),
            ("0109000000", "Invalid or unsupported type 9 at position 1"),
            ("010100000000000000000069400000000000005940", "Invalid coordinate value found at position 5"),
            ("0102000000ffffffff", "Invalid count for LineString points: -1 at position 5"),
            (
                "0104000000010000000102000000000000000000F03F0000000000000040",
                "Expected Point in MultiPoint at position 18",
            ),
            ("0103000000010000000000000000", "Too few points in ring at position 9"),
        ] {
            assert!(error(hex).contains(message), "{hex}: {}", error(hex));
        }
    }
}
