//! Pages of a list.

use minijinja::{Value, context};

use manage::http::{FormData, HttpError};
use manage::views::encoded;

/// Which page of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) number: i64,
    pub(super) size: i64,
}

impl Page {
    /// The page that `?page=` names; the first without it.
    ///
    /// # Errors
    /// [`HttpError::NotFound`] when it is not a number from 1.
    pub(super) fn of(query: &FormData, size: i64) -> Result<Self, HttpError> {
        let number = match query.get("page") {
            None | Some("") => 1,
            Some(text) => text.parse::<u32>().map_or(0, i64::from),
        };
        if number == 0 { Err(HttpError::NotFound) } else { Ok(Self { number, size }) }
    }

    /// Articles before it.
    pub(super) fn offset(self) -> i64 {
        (self.number - 1) * self.size
    }

    /// Pages of a list of `total`; an empty list has one.
    pub(super) fn pages(self, total: i64) -> i64 {
        (total.max(1) + self.size - 1) / self.size
    }

    /// # Errors
    /// [`HttpError::NotFound`] when a list of `total` has no such page.
    pub(super) fn check(self, total: i64) -> Result<(), HttpError> {
        if self.number > self.pages(total) { Err(HttpError::NotFound) } else { Ok(()) }
    }

    /// As templates see it, with the addresses of its neighbours. `kept` are the other parts of the query.
    pub(super) fn to_value(
        self,
        pages: Option<i64>,
        has_next: bool,
        path: &str,
        kept: &[(&str, &str)],
    ) -> Value {
        let to = |number: i64| address(path, kept, Some(number));
        let url = |number: Option<i64>| number.map_or(Value::from(()), |number| Value::from(to(number)));
        context! {
            number => self.number,
            pages => pages,
            previous_url => url((self.number > 1).then(|| self.number - 1)),
            next_url => url(has_next.then(|| self.number + 1)),
        }
    }
}

/// `path` with a query of what is not empty; the first page needs no number.
pub(super) fn address(path: &str, kept: &[(&str, &str)], page: Option<i64>) -> String {
    let mut address = path.to_owned();
    let mut divider = '?';
    let page = page.filter(|number| *number > 1).map(|number| number.to_string());
    let page = page.as_deref().map(|number| ("page", number));
    for (name, value) in kept.iter().copied().chain(page).filter(|(_, value)| !value.is_empty()) {
        address.push(divider);
        address.push_str(name);
        address.push('=');
        address.push_str(&encoded(value));
        divider = '&';
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<i64, HttpError> {
        Page::of(&FormData::parse(query.as_bytes()).unwrap(), 5).map(|page| page.number)
    }

    #[test]
    fn a_page_is_a_number_from_one() {
        assert_eq!(page("").unwrap(), 1);
        assert_eq!(page("page=7").unwrap(), 7);
        for bad in ["page=0", "page=-1", "page=x", "page=1.5", "page=99999999999999999999", "page=+1x"] {
            assert!(matches!(page(bad), Err(HttpError::NotFound)), "{bad}");
        }
    }

    #[test]
    fn a_list_has_a_first_page_and_no_page_after_its_last() {
        let at = |number| Page { number, size: 5 };
        assert!(at(1).check(0).is_ok());
        assert!(at(2).check(5).is_err());
        assert!(at(2).check(6).is_ok());
        assert_eq!(at(1).pages(10_000), 2_000);
        assert!(Page { number: i64::from(u32::MAX), size: 100 }.offset() > 0);
    }

    #[test]
    fn addresses_keep_what_was_asked_for() {
        assert_eq!(address("/", &[("sort", "-author"), ("q", "")], Some(2)), "/?sort=-author&page=2");
        assert_eq!(address("/search/", &[("q", "a b&c")], Some(1)), "/search/?q=a%20b%26c");
        assert_eq!(address("/", &[], None), "/");
    }
}
