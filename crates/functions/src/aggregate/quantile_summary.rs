//! A sketch of a distribution that answers quantiles within a relative error, by Greenwald and Khanna: the answers are
//! elements of the input, and the very ones that Spark gives for rows in the same order.

/// Values are taken in by lots of this many, each sorted as a whole.
const HEAD_SIZE: usize = 50_000;
/// A sketch of more samples is compressed as it grows.
const COMPRESS_THRESHOLD: usize = 10_000;

/// A value that stands for others: `gap` of them up to it, whose rank is uncertain by `delta`.
#[derive(Clone, Copy)]
struct Sample {
    value: f64,
    /// Which of the inserted values it is.
    row: usize,
    gap: i64,
    delta: i64,
}

pub(super) struct QuantileSummary {
    relative_error: f64,
    head: Vec<(f64, usize)>,
    samples: Vec<Sample>,
    count: i64,
}

impl QuantileSummary {
    /// The summary of all values, in this order.
    pub fn of(values: impl Iterator<Item = (f64, usize)>, relative_error: f64) -> Self {
        let mut summary = Self { relative_error, head: Vec::new(), samples: Vec::new(), count: 0 };
        for value in values {
            summary.head.push(value);
            if summary.head.len() >= HEAD_SIZE {
                summary.insert_head();
                if summary.samples.len() >= COMPRESS_THRESHOLD {
                    summary.compress();
                }
            }
        }
        summary.insert_head();
        summary.compress();
        summary
    }

    /// The allowed uncertainty of a rank among so many values, in full.
    #[expect(clippy::cast_precision_loss, reason = "counts are doubles here, as in Spark")]
    fn allowed(&self, count: i64) -> f64 {
        2.0 * self.relative_error * count as f64
    }

    fn insert_head(&mut self) {
        if self.head.is_empty() {
            return;
        }
        let mut head = std::mem::take(&mut self.head);
        head.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        let mut merged = Vec::with_capacity(self.samples.len() + head.len());
        let old = std::mem::take(&mut self.samples);
        let total = old.len();
        let mut rest = old.into_iter().peekable();
        let mut taken = 0;
        let last = head.len() - 1;
        for (index, (value, row)) in head.into_iter().enumerate() {
            while let Some(sample) = rest.next_if(|sample| sample.value <= value) {
                merged.push(sample);
                taken += 1;
            }
            self.count += 1;
            let is_end = merged.is_empty() || (taken == total && index == last);
            let delta = if is_end { 0 } else { whole(self.allowed(self.count)) };
            merged.push(Sample { value, row, gap: 1, delta });
        }
        merged.extend(rest);
        self.samples = merged;
    }

    /// Joins neighbours, from the last to the first, as far as the error allows it. The least value stays.
    #[expect(clippy::cast_precision_loss, reason = "counts are doubles here, as in Spark")]
    fn compress(&mut self) {
        let threshold = self.allowed(self.count);
        let samples = std::mem::take(&mut self.samples);
        let (Some(first), Some(last)) = (samples.first().copied(), samples.last().copied()) else { return };
        let mut kept = Vec::new();
        let mut head = last;
        for sample in samples.iter().skip(1).rev().skip(1) {
            if ((sample.gap + head.gap + head.delta) as f64) < threshold {
                head.gap += sample.gap;
            } else {
                kept.push(head);
                head = *sample;
            }
        }
        kept.push(head);
        if first.value <= head.value && samples.len() > 1 {
            kept.push(first);
        }
        kept.reverse();
        self.samples = kept;
    }

    /// Which of the inserted values are at these shares; `None` if there are no values.
    pub fn query(&self, shares: &[f64]) -> Option<Vec<usize>> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        let error = self.samples.iter().map(|sample| sample.delta + sample.gap).max().unwrap_or(0) / 2;
        let mut order: Vec<usize> = (0..shares.len()).collect();
        let share = |index: usize| shares.get(index).copied().unwrap_or(0.0);
        order.sort_by(|left, right| share(*left).total_cmp(&share(*right)));
        let mut found = vec![0; shares.len()];
        let mut place = (0, first.gap);
        for position in order {
            let share = share(position);
            let row = if share <= self.relative_error || self.samples.len() == 1 {
                first.row
            } else if share >= 1.0 - self.relative_error {
                last.row
            } else {
                let row;
                (place, row) = self.find(place, error, share);
                row
            };
            if let Some(entry) = found.get_mut(position) {
                *entry = row;
            }
        }
        Some(found)
    }

    /// The first sample from a place on whose rank comes near enough; the place is a sample and its least rank.
    #[expect(clippy::cast_precision_loss, reason = "ranks are computed as doubles, as in Spark")]
    fn find(&self, (start, start_rank): (usize, i64), error: i64, share: f64) -> ((usize, i64), usize) {
        let rank = whole((share * self.count as f64).ceil());
        let mut least_rank = start_rank;
        let end = self.samples.len() - 1;
        for (index, sample) in self.samples.iter().enumerate().skip(start) {
            if index > start {
                least_rank += sample.gap;
            }
            if index == end {
                break;
            }
            if least_rank + sample.delta - error <= rank && rank <= least_rank + error {
                return ((index, least_rank), sample.row);
            }
        }
        ((end, 0), self.samples.last().map_or(0, |sample| sample.row))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "cut off on purpose; far below 2^63")]
fn whole(value: f64) -> i64 {
    value.floor() as i64
}

#[cfg(test)]
mod tests {
    use super::QuantileSummary;

    fn check(rows: usize, relative_error: f64, expected: &[usize]) {
        let values = (0..rows).map(|row| (f64::from(u32::try_from(row).unwrap()), row));
        let summary = QuantileSummary::of(values, relative_error);
        assert_eq!(summary.query(&[0.1, 0.25, 0.5, 0.77, 0.9]).unwrap(), expected);
    }

    #[test]
    fn answers_are_sparks() {
        check(1000, 0.1, &[0, 155, 412, 714, 999]);
        check(1000, 0.01, &[92, 250, 497, 761, 890]);
        check(200_000, 0.01, &[20061, 49999, 99999, 152_741, 178_153]);
        assert!(QuantileSummary::of(std::iter::empty(), 0.1).query(&[0.5]).is_none());
    }
}
