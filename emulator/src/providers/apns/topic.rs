//! Push types and topics, as tables.

/// A value of `apns-push-type`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PushType {
    /// The value.
    pub(super) name: &'static str,
    /// What the topic has after the bundle ID, if anything.
    pub(super) suffix: Option<&'static str>,
}

/// The push types, in Apple's order. [doc] Apple, "Sending notification requests to APNs", where
/// `.complication` has a slip of the pen.
pub(super) const PUSH_TYPES: &[PushType] = &[
    PushType { name: "alert", suffix: None },
    PushType { name: "background", suffix: None },
    PushType { name: "complication", suffix: Some(".complication") },
    PushType { name: "controls", suffix: Some(".push-type.controls") },
    PushType { name: "fileprovider", suffix: Some(".pushkit.fileprovider") },
    PushType { name: "liveactivity", suffix: Some(LIVE_ACTIVITY) },
    PushType { name: "location", suffix: Some(LOCATION) },
    PushType { name: "mdm", suffix: None },
    PushType { name: "pushtotalk", suffix: Some(".voip-ptt") },
    PushType { name: "voip", suffix: Some(".voip") },
    PushType { name: "widgets", suffix: Some(".push-type.widgets") },
];

/// What the tokens of a topic are called, by the topic's suffix: a token belongs to one topic
/// [report: Apple staff, forum thread 807380], so tokens of different topics are different kinds.
/// The words are ours.
const KINDS: &[(&str, &str)] = &[
    (".complication", "complication_token"),
    (".push-type.controls", "controls_token"),
    (".pushkit.fileprovider", "fileprovider_token"),
    (LIVE_ACTIVITY, LIVE_ACTIVITY_TOKEN),
    (LOCATION, "location_token"),
    (".voip-ptt", "pushtotalk_token"),
    (".voip", "voip_token"),
    (".push-type.widgets", "widgets_token"),
];

/// The end of topics for location pushes.
pub(super) const LOCATION: &str = ".location-query";

/// The end of topics for Live Activities, and the kind of their tokens.
pub(super) const LIVE_ACTIVITY: &str = ".push-type.liveactivity";
pub(super) const LIVE_ACTIVITY_TOKEN: &str = "liveactivity_token";

/// The kind of the token that an app gets for ordinary pushes.
pub(super) const PLAIN: &str = "token";

/// The push type of that name; case counts. [guess]
pub(super) fn push_type(name: &[u8]) -> Option<&'static PushType> {
    PUSH_TYPES.iter().find(|push_type| push_type.name.as_bytes() == name)
}

/// A topic's bundle ID, suffix and kind of token, where it has one of Apple's suffixes.
pub(super) fn split(topic: &str) -> Option<(&str, &'static str, &'static str)> {
    KINDS.iter().find_map(|(suffix, kind)| Some((topic.strip_suffix(suffix)?, *suffix, *kind)))
}

/// Whether a text can be a topic. [guess]
pub(super) fn is_well_formed(topic: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (1..=MAX_TOPIC).contains(&topic.len()) && topic.bytes().all(fits)
}

/// The longest topic, bytes. [guess]
const MAX_TOPIC: usize = 255;
