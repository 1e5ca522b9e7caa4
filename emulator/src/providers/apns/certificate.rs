//! Client certificates: for which app and where a connection speaks, and from when to when.
//!
//! Apple's own issuer cannot sign here, so that any issuer is taken, also the certificate's own
//! key; only the fields are read. [guess] Whether a certificate is good at a moment is a rule.

use super::auth::cut;
use super::request::Environment;
use super::rules::Reason;
use super::source::SENDING;
use super::topic;
use crate::clock::Timestamp;
use crate::fidelity::Behavior;
use compact_str::CompactString;
use smallvec::SmallVec;
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::ber::{BerObject, BerObjectContent};
use x509_parser::der_parser::der::parse_der;
use x509_parser::der_parser::oid::Oid;
use x509_parser::oid_registry::asn1_rs::oid;
use x509_parser::parse_x509_certificate;

/// What of client certificates is as APNs has it.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::assumed(
        "A certificate of any issuer is taken, also of its own; only its fields are read",
        "Apple's issuer cannot sign here",
    ),
    Behavior::documented(
        "The subject's UID is the topic; 1.2.840.113635.100.6.3.6 and 6.3.4 list more",
        SENDING,
    )
    .besides("the form of 6.3.4 is assumed"),
    Behavior::observed("6.3.1 is for the sandbox, 6.3.2 for production", "node-apn's `oids.js`")
        .besides("both are for both [documented]; none too [assumed]"),
];

/// What of a client certificate matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The subject's UID: the topic of pushes that name none. [doc] Apple, "Communicating with
    /// APNs"; [client] pushy, aioapns and nanomdm read it there.
    pub(super) uid: CompactString,
    /// The subject's common name, such as `Apple Push Services: com.example.chat`.
    pub(super) common_name: Option<String>,
    /// The topics that it may be used for, the UID first; more than that where it lists some.
    pub(super) topics: SmallVec<[CompactString; 1]>,
    /// Whether it has a list of topics at all.
    pub(super) lists: bool,
    /// The one environment that it is for; both when it names both or none.
    pub(super) environment: Option<Environment>,
    /// When it begins, as it says.
    pub(super) begins: Timestamp,
    /// When it ends, as it says.
    pub(super) ends: Timestamp,
    /// The whole of it.
    pub(super) der: Arc<[u8]>,
}

/// Why a client certificate says nothing to APNs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CertificateDefect {
    #[error("the extension {0} of the client certificate does not list topics")]
    List(&'static str),
    #[error("the client certificate has no UID in its subject; the UID is the app's bundle ID")]
    NoUid,
    #[error("the client certificate has {found} bytes; more than {most} are not read")]
    Size { found: usize, most: usize },
    #[error("the client certificate lists more than {MAX_TOPICS} topics")]
    TooManyTopics,
    #[error("the UID `{0}` in the client certificate's subject is no topic")]
    Uid(String),
    #[error("the client certificate is not valid X.509")]
    Unreadable,
}

impl CertificateDefect {
    /// Apple's word for all of them. [doc] the reason; [guess] that it covers these
    pub(super) const REASON: Reason = Reason::BadCertificate;
}

impl Certificate {
    /// The longest that is read, bytes: Apple's have some 1,600.
    pub(super) const MAX_DER: usize = 8 << 10;

    /// Reads a certificate.
    pub(super) fn read(der: &Arc<[u8]>) -> Result<Self, CertificateDefect> {
        if der.len() > Self::MAX_DER {
            return Err(CertificateDefect::Size { found: der.len(), most: Self::MAX_DER });
        }
        let (_, parsed) = parse_x509_certificate(der).map_err(|_| CertificateDefect::Unreadable)?;
        let uid = attribute(&parsed, &UID).ok_or(CertificateDefect::NoUid)?;
        if !topic::is_well_formed(uid) {
            return Err(CertificateDefect::Uid(cut(uid)));
        }
        let mut topics: SmallVec<[CompactString; 1]> = SmallVec::from_iter([uid.into()]);
        let mut lists = false;
        for (id, name) in [(&TOPICS, "1.2.840.113635.100.6.3.6"), (&VOIP, VOIP_NAME)] {
            let Some(value) = extension(&parsed, id) else { continue };
            lists = true;
            let (rest, list) = parse_der(value).map_err(|_| CertificateDefect::List(name))?;
            if !rest.is_empty() {
                return Err(CertificateDefect::List(name));
            }
            add_listed(&mut topics, &list).ok_or(CertificateDefect::List(name))??;
        }
        let has = |id| extension(&parsed, id).is_some();
        let environment = match (has(&SANDBOX), has(&PRODUCTION)) {
            (true, false) => Some(Environment::Sandbox),
            (false, true) => Some(Environment::Production),
            // A "universal" one carries both. [doc] What none means is a [guess].
            (true, true) | (false, false) => None,
        };
        let validity = parsed.validity();
        Ok(Self {
            uid: uid.into(),
            common_name: attribute(&parsed, &COMMON_NAME).map(cut),
            topics,
            lists,
            environment,
            begins: Timestamp::from_seconds(validity.not_before.timestamp()),
            ends: Timestamp::from_seconds(validity.not_after.timestamp()),
            der: Arc::clone(der),
        })
    }

    /// What a person knows it by.
    pub(super) fn subject(&self) -> String {
        match &self.common_name {
            Some(name) => format!("subject UID `{}`, CN `{name}`", self.uid),
            None => format!("subject UID `{}`", self.uid),
        }
    }
}

/// The first attribute of that kind in the subject.
fn attribute<'a>(certificate: &'a X509Certificate<'_>, id: &Oid<'a>) -> Option<&'a str> {
    certificate.subject().iter_by_oid(id).find_map(|attribute| attribute.as_str().ok())
}

/// The content of an extension.
fn extension<'a>(certificate: &X509Certificate<'a>, id: &Oid<'_>) -> Option<&'a [u8]> {
    let mut extensions = certificate.extensions().iter();
    extensions.find(|extension| extension.oid == *id).map(|extension| extension.value)
}

/// Adds the topics of a list: one sequence in which each topic is followed by a sequence with its
/// kinds. [client] pushy's `apns-extensions.cnf`; [doc] the same pairs in "Communicating with APNs".
/// A single text is taken as a list of one. [guess] `None` when it is neither.
fn add_listed(
    topics: &mut SmallVec<[CompactString; 1]>,
    list: &BerObject<'_>,
) -> Option<Result<(), CertificateDefect>> {
    let items = match &list.content {
        BerObjectContent::Sequence(items) => &items[..],
        BerObjectContent::UTF8String(_) => std::slice::from_ref(list),
        _ => return None,
    };
    for item in items {
        let topic = match &item.content {
            BerObjectContent::UTF8String(topic) => *topic,
            // What kind of topic the one before it is; the topic's own end says the same.
            BerObjectContent::Sequence(_) => continue,
            _ => return None,
        };
        if topics.iter().any(|known| known == topic) {
            continue;
        }
        if topics.len() == MAX_TOPICS {
            return Some(Err(CertificateDefect::TooManyTopics));
        }
        topics.push(topic.into());
    }
    Some(Ok(()))
}

/// `UID`, the user id of RFC 4519. [client] pushy, aioapns, nanomdm
const UID: Oid<'static> = oid!(0.9.2342.19200300.100.1.1);
/// `CN`, the common name.
const COMMON_NAME: Oid<'static> = oid!(2.5.4.3);
/// Says that the certificate is for development. [client] node-apn's `oids.js`
const SANDBOX: Oid<'static> = oid!(1.2.840.113635.100.6.3.1);
/// Says that the certificate is for production. [client] node-apn's `oids.js`
const PRODUCTION: Oid<'static> = oid!(1.2.840.113635.100.6.3.2);
/// The topic for VoIP. [doc] Apple, "Sending notification requests to APNs"; its form is a [guess].
const VOIP: Oid<'static> = oid!(1.2.840.113635.100.6.3.4);
const VOIP_NAME: &str = "1.2.840.113635.100.6.3.4";
/// The topics that the certificate may be used for. [doc] the same page
const TOPICS: Oid<'static> = oid!(1.2.840.113635.100.6.3.6);

/// Topics that are looked at; Apple's list three for an app.
const MAX_TOPICS: usize = 100;
