//! Content of any size in a made-up language, the same in every run: what is measured with.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::content::{Article, Comment, Content, Person, Random, Rating};

const SEED: u64 = 20_250_101;
/// 2025-01-01T00:00:00Z.
const START_SECONDS: i64 = 1_735_689_600;
/// In every 100th article: the word that a search is measured with.
const RARE: &str = "heliotrope";
/// In every 4th article.
const COMMON: &str = "harbour";
const BENCH_SLUG: &str = "bench-article";
/// Comments of the article called `bench-article`.
const BENCH_COMMENTS: usize = 50;
const MAX_LEVEL: usize = 5;
const WORDS: usize = 4_000;
const STARS: [i64; 9] = [1, 2, 3, 3, 4, 4, 4, 5, 5];

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) authors: usize,
    pub(super) travellers: usize,
    pub(super) articles: usize,
    pub(super) comments: usize,
    pub(super) ratings: usize,
}

/// The content.
pub(super) fn content(sizes: Sizes) -> Content {
    let mut words = Words::new(Random(SEED));
    let people = sizes.authors + sizes.travellers;
    let mut made = Content {
        people: (0..people).map(|number| words.person(number, number < sizes.authors)).collect(),
        articles: (0..sizes.articles).map(|number| words.article(number, sizes.authors)).collect(),
        ..Content::default()
    };
    made.ratings = ratings(&mut words.random, sizes, people);
    made.comments = comments(&mut words, sizes, people);
    made
}

fn start() -> Timestamp {
    Timestamp::from_second(START_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn ratings(random: &mut Random, sizes: Sizes, people: usize) -> Vec<Rating> {
    let mut ratings = Vec::with_capacity(sizes.ratings);
    for article in 0..sizes.articles {
        let share = sizes.ratings / sizes.articles + usize::from(article < sizes.ratings % sizes.articles);
        // A step without a common divisor visits everybody once.
        let (first, mut step) = (random.below(people), random.between(1, people));
        while divisor(step, people) != 1 {
            step = step % people + 1;
        }
        for number in 0..share.min(people) {
            let person = (first + number * step) % people;
            ratings.push(Rating { article, person, value: STARS[random.below(STARS.len())] });
        }
    }
    ratings
}

fn divisor(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn comments(words: &mut Words, sizes: Sizes, people: usize) -> Vec<Comment> {
    let mut counts = vec![0; sizes.articles];
    counts[0] = BENCH_COMMENTS.min(sizes.comments);
    for _ in counts[0]..sizes.comments {
        let article = if sizes.articles > 1 { words.random.between(1, sizes.articles - 1) } else { 0 };
        counts[article] += 1;
    }
    let mut comments: Vec<Comment> = Vec::with_capacity(sizes.comments);
    for (article, count) in counts.into_iter().enumerate() {
        let first = comments.len();
        let mut levels = Vec::with_capacity(count);
        for number in 0..count {
            let mut parent =
                (number > 0 && words.random.unit() < 0.55).then(|| first + words.random.below(number));
            if let Some(at) = parent.filter(|at| levels[at - first] >= MAX_LEVEL) {
                parent = comments[at].parent;
            }
            levels.push(parent.map_or(0, |at| levels[at - first] + 1));
            let sentences = words.random.between(1, 3);
            comments.push(Comment {
                article,
                author: words.random.below(people),
                parent,
                body: (0..sentences).map(|_| words.sentence(6, 16)).collect::<Vec<_>>().join(" "),
                created_at: start() + SignedDuration::from_mins(number as i64),
            });
        }
    }
    comments
}

/// A language of 4,000 words whose frequencies fall as those of a real one do.
struct Words {
    random: Random,
    words: Vec<String>,
    cumulative: Vec<f64>,
}

impl Words {
    fn new(mut random: Random) -> Self {
        let consonants: Vec<char> = "bdfgklmnprstvz".chars().collect();
        let vowels = ['a', 'e', 'i', 'o', 'u'];
        let mut seen = HashSet::new();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            let mut word = String::new();
            for _ in 0..random.between(1, 4) {
                word.push(consonants[random.below(consonants.len())]);
                word.push(vowels[random.below(vowels.len())]);
            }
            if seen.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut total = 0.0;
        let cumulative = (0..WORDS).map(|rank| {
            total += 1.0 / (rank as f64 + 8.0);
            total
        });
        let cumulative = cumulative.collect();
        Self { random, words, cumulative }
    }

    fn take(&mut self, count: usize) -> Vec<&str> {
        let total = self.cumulative.last().copied().unwrap_or_default();
        let mut places = Vec::with_capacity(count);
        for _ in 0..count {
            let wanted = self.random.unit() * total;
            places.push(self.cumulative.partition_point(|sum| *sum < wanted).min(WORDS - 1));
        }
        places.into_iter().map(|place| self.words[place].as_str()).collect()
    }

    fn sentence(&mut self, low: usize, high: usize) -> String {
        let count = self.random.between(low, high);
        capitalized(&self.take(count).join(" ")) + "."
    }

    fn paragraph(&mut self, extra: Option<&str>) -> String {
        let count = self.random.between(4, 7);
        let mut sentences: Vec<String> = (0..count).map(|_| self.sentence(6, 16)).collect();
        if let Some(word) = extra {
            sentences.insert(1, format!("{} {}", capitalized(word), self.sentence(6, 16)));
        }
        sentences.join(" ")
    }

    fn person(&mut self, number: usize, is_writer: bool) -> Person {
        let name: Vec<String> = self.take(2).into_iter().map(capitalized).collect();
        Person {
            username: format!("{}{}", if is_writer { "writer" } else { "traveller" }, number + 1),
            name: name.join(" "),
            bio: self.paragraph(None),
            is_writer,
        }
    }

    fn article(&mut self, number: usize, authors: usize) -> Article {
        let words = self.random.between(4, 8);
        let title = capitalized(&self.take(words).join(" "));
        let mut paragraphs = Vec::new();
        for paragraph in 0..self.random.between(5, 9) {
            let extra = (paragraph == 1 && number.is_multiple_of(4)).then_some(COMMON);
            let extra = if paragraph == 1 && number.is_multiple_of(100) { Some(RARE) } else { extra };
            paragraphs.push(format!("<p>{}</p>", self.paragraph(extra)));
        }
        paragraphs.insert(2, format!("<h2>{}</h2>", self.sentence(3, 6)));
        let slug = match number {
            0 => BENCH_SLUG.to_owned(),
            _ => format!("{}-{}", title.to_lowercase().replace(' ', "-"), number + 1),
        };
        Article {
            author: self.random.below(authors),
            title,
            slug,
            excerpt: self.paragraph(None).chars().take(280).collect(),
            body: paragraphs.join("\n"),
            published_at: start() - SignedDuration::from_mins(37 * number as i64),
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Sizes = Sizes { authors: 3, travellers: 4, articles: 101, comments: 300, ratings: 205 };

    #[test]
    fn the_same_sizes_give_the_same_content() {
        let (one, two) = (content(SMALL), content(SMALL));
        assert_eq!(one.articles[7].body, two.articles[7].body);
        assert_eq!(one.comments[99].body, two.comments[99].body);
    }

    #[test]
    fn sizes_and_marks_are_as_asked() {
        let made = content(SMALL);
        assert_eq!((made.people.len(), made.articles.len(), made.comments.len()), (7, 101, 300));
        assert_eq!(made.ratings.len(), 205);
        assert_eq!(made.comments.iter().filter(|comment| comment.article == 0).count(), BENCH_COMMENTS);
        let holding = |word: &str| {
            made.articles.iter().filter(|article| article.body.to_lowercase().contains(word)).count()
        };
        assert_eq!(holding(RARE), 2);
        let pairs: HashSet<_> = made.ratings.iter().map(|rating| (rating.article, rating.person)).collect();
        assert_eq!(pairs.len(), made.ratings.len());
    }
}
