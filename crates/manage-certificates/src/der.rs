//! The few steps of DER that the libraries leave to us (ITU-T X.690): taking a sequence apart and putting one together.

/// Tag of `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// Tag of `BIT STRING`.
pub(super) const BIT_STRING: u8 = 0x03;
/// Tag of `OCTET STRING`.
pub(super) const OCTET_STRING: u8 = 0x04;
/// Tag of `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;

/// One value: its tag, what is in it, and all of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// A value with this tag and content.
pub(super) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut whole = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => whole.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let bytes = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len())..];
            whole.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
            whole.extend_from_slice(bytes);
        }
    }
    whole.extend_from_slice(content);
    whole
}

/// The one value that `bytes` are; none when they are something else or more.
pub(super) fn decode(bytes: &[u8]) -> Option<Element<'_>> {
    let (element, rest) = split(bytes)?;
    rest.is_empty().then_some(element)
}

/// The values of which `content` consists, one after the other.
pub(super) fn elements(mut content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while !content.is_empty() {
        let (element, rest) = split(content)?;
        elements.push(element);
        content = rest;
    }
    Some(elements)
}

fn split(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, content) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = content.split_at_checked(length)?;
    let whole = &bytes[..bytes.len() - rest.len()];
    Some((Element { tag, content, whole }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_survives_being_taken_apart_and_put_together() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let inner = encode(OCTET_STRING, &vec![7; length]);
            let outer = encode(SEQUENCE, &[encode(INTEGER, &[1]), inner.clone()].concat());
            let sequence = decode(&outer).unwrap();
            assert_eq!((sequence.tag, sequence.whole), (SEQUENCE, outer.as_slice()));
            let parts = elements(sequence.content).unwrap();
            assert_eq!((parts.len(), parts[1].whole, parts[1].content.len()), (2, inner.as_slice(), length));
        }
    }

    #[test]
    fn what_ends_too_early_or_too_late_is_no_value() {
        for bytes in [&[][..], &[0x30], &[0x30, 2, 0], &[0x30, 0x82, 1], &[0x30, 0x80], &[2, 1, 0, 0]] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
