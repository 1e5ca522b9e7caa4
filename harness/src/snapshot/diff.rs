//! Two snapshots, line by line.

use crate::diagnostic::Style;
use anstyle::{AnsiColor, Style as Paint};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;

/// Draws how `found` differs from `expected`, with three lines around each change. A change of
/// control characters or of spaces at a line's end is made visible.
pub fn draw(expected: &str, found: &str, style: Style) -> String {
    let diff = TextDiff::from_lines(expected, found);
    let mut out = String::new();
    let _ = write!(out, "{}", painted("- expected", RED, style));
    let _ = writeln!(out, "  {}", painted("+ found", GREEN, style));
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            out.push_str("  …\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            let (sign, paint) = match change.tag() {
                ChangeTag::Delete => ("-", RED),
                ChangeTag::Equal => (" ", Paint::new()),
                ChangeTag::Insert => ("+", GREEN),
            };
            let line = match change.tag() {
                ChangeTag::Equal => line.to_owned(),
                ChangeTag::Delete | ChangeTag::Insert => visible(line),
            };
            let line = format!("{sign} {line}");
            let _ = writeln!(out, "{}", painted(line.trim_end(), paint, style));
        }
    }
    out
}

/// The line with its trailing spaces as dots, and control characters escaped.
fn visible(line: &str) -> String {
    let trimmed = line.trim_end_matches(' ');
    let mut out = String::new();
    for c in trimmed.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.extend(std::iter::repeat_n('·', line.len() - trimmed.len()));
    out
}

fn painted(text: &str, paint: Paint, style: Style) -> String {
    match style {
        Style::Colored => format!("{paint}{text}{paint:#}"),
        Style::Plain => text.to_owned(),
    }
}

const CONTEXT: usize = 3;
const RED: Paint = AnsiColor::Red.on_default();
const GREEN: Paint = AnsiColor::Green.on_default();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_what_was_expected_and_what_was_found() {
        let expected = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        let found = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk \nl\n";
        insta::assert_snapshot!(draw(expected, found, Style::Plain), @"
        - expected  + found
          a
        - b
        + B
          c
          d
          e
          …
          h
          i
          j
        - k
        + k·
          l
        ");
    }

    #[test]
    fn colors_come_only_when_asked_for() {
        assert!(!draw("a\u{1b}", "b\u{1b}", Style::Plain).contains('\u{1b}'));
        assert!(draw("a", "b", Style::Colored).contains("\u{1b}[31m- a\u{1b}[0m"));
    }
}
