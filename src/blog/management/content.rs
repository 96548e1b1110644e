//! Content to be put into an empty blog, whatever it was made from. Things refer to one another by position.

use jiff::Timestamp;

/// The password of everybody who is seeded.
pub(super) const PASSWORD: &str = "traveller-pass";

/// Somebody.
pub(super) struct Person {
    pub(super) username: String,
    pub(super) name: String,
    pub(super) bio: String,
    pub(super) is_writer: bool,
}

/// An article.
pub(super) struct Article {
    pub(super) author: usize,
    pub(super) title: String,
    pub(super) slug: String,
    pub(super) excerpt: String,
    pub(super) body: String,
    pub(super) published_at: Timestamp,
}

/// A comment; what it answers stands before it.
pub(super) struct Comment {
    pub(super) article: usize,
    pub(super) author: usize,
    pub(super) parent: Option<usize>,
    pub(super) body: String,
    pub(super) created_at: Timestamp,
}

/// A rating.
pub(super) struct Rating {
    pub(super) article: usize,
    pub(super) person: usize,
    pub(super) value: i64,
}

/// Everything.
#[derive(Default)]
pub(super) struct Content {
    pub(super) people: Vec<Person>,
    pub(super) articles: Vec<Article>,
    pub(super) comments: Vec<Comment>,
    pub(super) ratings: Vec<Rating>,
}

/// Numbers that look random and are the same in every run (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is more than 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A number from `low` to `high`.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// A number from 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
