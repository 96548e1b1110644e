//! What readers may write.

use manage::forms::ValidationErrors;
use manage::http::FormData;

/// Longest comment, in characters.
const MAX_COMMENT: usize = 5_000;

/// The form of a comment or a reply.
#[derive(Debug)]
pub(super) struct CommentForm {
    pub(super) body: String,
    pub(super) parent: Option<i64>,
    pub(super) errors: ValidationErrors,
}

impl CommentForm {
    pub(super) fn bind(form: &FormData) -> Self {
        let body = form.text("body").replace("\r\n", "\n").trim().to_owned();
        let mut errors = ValidationErrors::default();
        if body.is_empty() {
            errors.add("body", "Write something first.");
        } else if body.chars().count() > MAX_COMMENT {
            errors.add("body", format!("A comment may have at most {MAX_COMMENT} characters."));
        }
        let parent = match form.text("parent").trim() {
            "" => None,
            text => {
                let parent = text.parse().ok();
                if parent.is_none() {
                    errors.add("parent", GONE);
                }
                parent
            }
        };
        Self { body, parent, errors }
    }
}

/// What to say when the comment that is answered is not there.
pub(super) const GONE: &str = "The comment you answer is no longer there.";

/// The stars of a rating form, from 1 to 5.
pub(super) fn stars(form: &FormData) -> Option<i64> {
    form.text("value").parse().ok().filter(|value| (1..=5).contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str) -> CommentForm {
        CommentForm::bind(&FormData::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_comment_is_trimmed_and_may_answer_another() {
        let form = bound("body=+a%0D%0Ab+&parent=7");
        assert_eq!((form.body.as_str(), form.parent), ("a\nb", Some(7)));
        assert!(form.errors.is_empty());
        assert!(bound("body=a&parent=").errors.is_empty());
    }

    #[test]
    fn nothing_too_much_and_nonsense_are_refused() {
        assert!(!bound("body=+%0A").errors.is_empty());
        assert!(!bound(&format!("body={}", "a".repeat(MAX_COMMENT + 1))).errors.is_empty());
        assert!(!bound("body=a&parent=x").errors.is_empty());
    }

    #[test]
    fn stars_are_from_one_to_five() {
        let stars = |text: &str| stars(&FormData::parse(text.as_bytes()).unwrap());
        assert_eq!(stars("value=5"), Some(5));
        for bad in ["", "value=0", "value=6", "value=x", "value=99999999999999999999"] {
            assert_eq!(stars(bad), None);
        }
    }
}
