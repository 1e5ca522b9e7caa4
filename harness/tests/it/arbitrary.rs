//! No bytes make the reading of a scenario panic, and all that is wrong can be drawn.

use crate::good_scenario::{EVERYTHING, PROVIDERS};
use proptest::prelude::*;
use pushpit::diagnostic::{Style, draw_all};
use pushpit::scenario::load;

fn read(bytes: &[u8]) {
    if let Err(wrong) = load("any.yaml", bytes, PROVIDERS) {
        assert!(!wrong.is_empty());
        let drawing = draw_all(&wrong, &String::from_utf8_lossy(bytes), Style::Plain);
        assert!(drawing.contains("any.yaml"), "{drawing}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
    }

    #[test]
    fn arbitrary_text_of_yaml_s_own_characters(text in "[-a-z:{}\\[\\]&*!|>'\"#%@`, \n\t?0-9$é]{0,300}") {
        read(text.as_bytes());
        read(format!("name: n\nsteps:\n  - {text}").as_bytes());
    }

    #[test]
    fn a_good_file_with_a_piece_replaced(
        at in 0..EVERYTHING.len(),
        length in 0..40_usize,
        piece in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut bytes = EVERYTHING.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, piece);
        read(&bytes);
    }

    #[test]
    fn a_good_file_with_a_word_replaced(
        at in 0..400_usize,
        word in "[a-z${}.:\\[\\]é-]{0,9}",
    ) {
        let mut words: Vec<&str> = EVERYTHING.split_inclusive([' ', '\n']).collect();
        let at = at % words.len();
        words[at] = &word;
        read(words.concat().as_bytes());
    }
}
