//! Which rows a sample takes: Spark's samplers, number by number.
//!
//! Each partition has a generator of its own, whose seed the sample's seed and the partition's place give: their sum,
//! or with replacement one of the numbers that Java's own generator draws.

use crate::math::Generator;

/// Poisson means from here on would need another algorithm.
pub const POISSON_MEAN_MAX: f64 = 40.0;

/// How often each row of a partition is taken.
pub enum Sampler {
    /// Rows whose number falls between the bounds, once.
    Bernoulli { lower: f64, upper: f64, generator: Generator },
    /// Rows as often as the Poisson distribution of this mean says.
    Poisson { mean: f64, generator: Box<Well19937c> },
}

impl Sampler {
    /// The sampler of a partition.
    pub fn new(lower: f64, upper: f64, with_replacement: bool, seed: i64, partition: usize) -> Self {
        if with_replacement {
            let seed = partition_seed(seed, partition);
            Self::Poisson { mean: upper - lower, generator: Box::new(Well19937c::new(seed)) }
        } else {
            let seed = seed.wrapping_add(i64::try_from(partition).unwrap_or(0));
            Self::Bernoulli { lower, upper, generator: Generator::new(seed) }
        }
    }

    /// How often the next row is taken.
    pub fn next_count(&mut self) -> usize {
        match self {
            Self::Bernoulli { lower, upper, .. } if *upper - *lower <= 0.0 => 0,
            Self::Bernoulli { lower, upper, generator } => {
                let number = generator.uniform();
                usize::from(number >= *lower && number < *upper)
            }
            Self::Poisson { mean, .. } if *mean <= 0.0 => 0,
            Self::Poisson { mean, generator } => poisson(*mean, generator),
        }
    }
}

/// Numbers are multiplied until their product falls below `e^-mean`.
#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn poisson(mean: f64, generator: &mut Well19937c) -> usize {
    let limit = (-mean).exp();
    let mut product = 1.0;
    let mut count = 0_usize;
    while (count as f64) < 1000.0 * mean {
        product *= generator.uniform();
        if product < limit {
            break;
        }
        count += 1;
    }
    count
}

/// The number that Java's own generator gives for the partition.
fn partition_seed(seed: i64, partition: usize) -> i64 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed.cast_unsigned() ^ MULTIPLIER) & MASK;
    let mut next = || {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        i64::from(u32::try_from(state >> 16).unwrap_or(0).cast_signed())
    };
    let mut drawn = 0;
    for _ in 0..=partition {
        drawn = (next() << 32).wrapping_add(next());
    }
    drawn
}

const WORDS: usize = 624;

/// The generator WELL19937c.
pub struct Well19937c {
    words: [u32; WORDS],
    index: usize,
}

impl Well19937c {
    fn new(seed: i64) -> Self {
        let mut words = [0_u32; WORDS];
        let bytes = seed.to_be_bytes();
        let (halves, _) = bytes.as_chunks::<4>();
        let mut before = [0_u32; 2];
        for (word, half) in before.iter_mut().zip(halves) {
            *word = u32::from_be_bytes(*half);
        }
        for (index, word) in words.iter_mut().enumerate() {
            let place = index % 2;
            let Some(known) = before.get_mut(place) else { continue };
            if index >= 2 {
                let signed = i64::from(known.cast_signed());
                let mixed = signed ^ (signed >> 30);
                let offset = i64::try_from(index).unwrap_or(0);
                let next = 1_812_433_253_i64.wrapping_mul(mixed).wrapping_add(offset);
                *known = u32::try_from(next & 0xFFFF_FFFF).unwrap_or(0);
            }
            *word = *known;
        }
        Self { words, index: 0 }
    }

    fn word(&self, distance: usize) -> u32 {
        self.words.get((self.index + distance) % WORDS).copied().unwrap_or(0)
    }

    fn set(&mut self, distance: usize, value: u32) {
        if let Some(word) = self.words.get_mut((self.index + distance) % WORDS) {
            *word = value;
        }
    }

    fn bits(&mut self, count: u32) -> u32 {
        let (last, before_last) = (WORDS - 1, WORDS - 2);
        let z0 = (0x8000_0000 & self.word(last)) ^ (0x7FFF_FFFF & self.word(before_last));
        let (v0, m1, m2, m3) = (self.word(0), self.word(70), self.word(179), self.word(449));
        let z1 = (v0 ^ (v0 << 25)) ^ (m1 ^ (m1 >> 27));
        let z2 = (m2 >> 9) ^ (m3 ^ (m3 >> 1));
        let z3 = z1 ^ z2;
        let z4 = z0 ^ (z1 ^ (z1 << 9)) ^ (z2 ^ (z2 << 21)) ^ (z3 ^ (z3 >> 21));
        self.set(0, z3);
        self.set(last, z4);
        self.set(before_last, self.word(before_last) & 0x8000_0000);
        self.index = (self.index + last) % WORDS;
        let tempered = z4 ^ ((z4 << 7) & 0xe46e_1700);
        let tempered = tempered ^ ((tempered << 15) & 0x9b86_8000);
        tempered >> (32 - count)
    }

    /// A number from 0 to 1, of 52 bits.
    #[expect(clippy::cast_precision_loss, reason = "52 bits fit into a double")]
    fn uniform(&mut self) -> f64 {
        let high = u64::from(self.bits(26)) << 26;
        (high | u64::from(self.bits(26))) as f64 / (1_u64 << 52) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Sampler;

    fn taken(mut sampler: Sampler, rows: usize) -> Vec<usize> {
        (0..rows).flat_map(|row| std::iter::repeat_n(row, sampler.next_count())).collect()
    }

    #[test]
    fn rows_are_sparks() {
        let once = taken(Sampler::new(0.0, 0.3, false, 7, 0), 42);
        assert_eq!(once, [0, 6, 8, 11, 13, 20, 25, 26, 27, 30, 32, 36, 39, 40, 41]);
        let often = taken(Sampler::new(0.0, 0.2, true, 7, 0), 50);
        assert_eq!(often, [9, 14, 15, 20, 22, 37, 38, 42, 47]);
    }
}
