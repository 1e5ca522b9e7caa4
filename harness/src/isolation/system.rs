//! What only the system can do: a user and a network namespace of our own, in which every address
//! is this machine.
//!
//! Nothing of it needs a privilege where user namespaces are allowed. Each step that fails is told
//! by its name, so that the reason can be found.

use super::netlink;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::{
    self, BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_IND, BPF_JEQ, BPF_JMP, BPF_LD, BPF_LDX, BPF_MSH,
    BPF_RET, BPF_W,
};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::socket::sockopt::RcvBuf;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType,
    recvmsg, sendmsg, setsockopt, socket, socketpair,
};
use nix::unistd::{getegid, geteuid};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd, RawFd};

/// One step on the way into a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Making the namespaces.
    Unshare,
    /// Keeping the user's own number inside.
    User,
    /// Switching the loopback device on.
    Loopback,
    /// Making every address this machine's.
    Routes,
    /// Listening on a port.
    Listen(u16),
    /// Looking at what is dialed.
    Watch,
}

impl Step {
    /// A number that stands for it, for [`Step::of`].
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Unshare => 0,
            Self::User => 1,
            Self::Loopback => 2,
            Self::Routes => 3,
            Self::Watch => 4,
            Self::Listen(port) => LISTEN + u32::from(port),
        }
    }

    /// The step of a number.
    pub(super) fn of(number: u32) -> Self {
        match number {
            0 => Self::Unshare,
            1 => Self::User,
            2 => Self::Loopback,
            3 => Self::Routes,
            4 => Self::Watch,
            listen => Self::Listen(u16::try_from(listen.saturating_sub(LISTEN)).unwrap_or(0)),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unshare => f.write_str("making a user and a network namespace"),
            Self::User => f.write_str("keeping the user's number inside it"),
            Self::Loopback => f.write_str("switching its loopback device on"),
            Self::Routes => f.write_str("routing every address to it"),
            Self::Listen(port) => write!(f, "listening on port {port} inside it"),
            Self::Watch => f.write_str("watching its loopback device"),
        }
    }
}

/// A step that the system refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) step: Step,
    pub(super) cause: Errno,
}

/// Leaves for new namespaces, in which the user has the same number, every right over the network,
/// and no network but a loopback device that takes every address. Only a process of one thread can.
pub(super) fn leave() -> Result<(), Refused> {
    let (user, group) = (geteuid(), getegid());
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET;
    at(Step::Unshare, unshare(flags))?;
    // Whoever maps one number only must say that groups stay as they are.
    at(Step::User, written("/proc/self/setgroups", "deny"))?;
    at(Step::User, written("/proc/self/uid_map", &format!("{user} {user} 1")))?;
    at(Step::User, written("/proc/self/gid_map", &format!("{group} {group} 1")))?;
    at(Step::Loopback, netlink::switch_loopback_on())?;
    at(Step::Routes, netlink::route_everything())
}

/// Goes where another process of this user has gone.
pub(super) fn follow(process: u32) -> io::Result<()> {
    let open = |kind: &str| File::open(format!("/proc/{process}/ns/{kind}"));
    let (user, network) = (open("user")?, open("net")?);
    setns(user, CloneFlags::CLONE_NEWUSER)?;
    setns(network, CloneFlags::CLONE_NEWNET)?;
    Ok(())
}

/// Lets this process, and what it becomes, end with the thread that started it; `process` is one
/// that ends with that too. Only after the last change of rights, which takes it back.
pub(super) fn end_with_parent(process: u32) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    // Whoever was gone before that is not waited for.
    fs::metadata(format!("/proc/{process}")).map(drop)
}

/// A socket that hears of each connection that is begun or refused, and of each datagram.
pub(super) fn watch() -> Result<OwnedFd, Refused> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Packet, SockType::Datagram, flags, SockProtocol::EthAll);
    let socket = at(Step::Watch, socket)?;
    at(Step::Watch, attach_filter(&socket))?;
    at(Step::Watch, setsockopt(&socket, RcvBuf, &WATCH_BUFFER))?;
    Ok(socket)
}

fn at<T>(step: Step, done: Result<T, Errno>) -> Result<T, Refused> {
    done.map_err(|cause| Refused { step, cause })
}

fn written(path: &str, text: &str) -> Result<(), Errno> {
    fs::write(path, text).map_err(|error| number(&error))
}

/// The number of an error of the system's.
pub(super) fn number(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// Sends a line of text with sockets to the other end of a line of [`pair`].
pub(super) fn hand_over(line: &OwnedFd, text: &str, sockets: &[OwnedFd]) -> io::Result<()> {
    let numbers: Vec<_> = sockets.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if numbers.is_empty() { &[][..] } else { &rights[..] };
    let text = [IoSlice::new(text.as_bytes())];
    sendmsg::<()>(line.as_raw_fd(), &text, rights, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}

/// Takes what [`hand_over`] sent; an empty text is the end.
pub(super) fn take_over(line: &OwnedFd) -> io::Result<(String, Vec<OwnedFd>)> {
    let mut text = [0; LONGEST_TEXT];
    let mut room = cmsg_space!([RawFd; MOST_SOCKETS]);
    let mut parts = [IoSliceMut::new(&mut text)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let taken = recvmsg::<()>(line.as_raw_fd(), &mut parts, Some(&mut room), flags)?;
    let mut sockets = Vec::new();
    for message in taken.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            sockets.extend(numbers.into_iter().map(own));
        }
    }
    let length = taken.bytes;
    Ok((String::from_utf8_lossy(&text[..length]).into_owned(), sockets))
}

/// A line between two processes that keeps texts apart and has an end.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let kind = SockType::SeqPacket;
    Ok(socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)?)
}

/// A descriptor that the kernel has just put into this process.
#[expect(unsafe_code, reason = "a number becomes a descriptor that is closed by itself")]
fn own(number: RawFd) -> OwnedFd {
    // SAFETY: the number came with the message that was just read, and nobody else has it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Lets the kernel keep what nobody looks at: the bytes of the connections themselves.
#[expect(unsafe_code, reason = "the option takes a pointer, and no safe call has it")]
fn attach_filter(socket: &OwnedFd) -> Result<(), Errno> {
    let mut filter = FILTER;
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap_or(0),
        filter: filter.as_mut_ptr(),
    };
    let length = libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).unwrap_or(0);
    // SAFETY: `program` points to `filter`, both live to the end of the call, the kernel copies
    // them, and `length` is the size of what is pointed to.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            length,
        )
    };
    Errno::result(done).map(drop)
}

/// Takes datagrams, and of TCP what begins a connection (SYN without ACK) or refuses one (RST with
/// ACK). What goes out comes in again on this device, and is looked at once.
///
/// A packet begins with its IP header here. Headers that version 6 puts in between are not looked
/// behind: no sender of pushes writes them.
const FILTER: [libc::sock_filter; 21] = [
    load(BPF_W | BPF_ABS, PACKET_KIND),
    branch(1, OUTGOING, DROP, 2),
    load(BPF_B | BPF_ABS, 0),
    op(BPF_ALU | BPF_AND, 0, 0, 0xf0),
    branch(4, 0x40, 5, 11),
    load(BPF_B | BPF_ABS, 9),
    branch(6, UDP, TAKE, 7),
    branch(7, TCP, 8, DROP),
    op(BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0),
    load(BPF_B | BPF_IND, TCP_FLAGS),
    op(BPF_JMP, 0, 0, 5),
    branch(11, 0x60, 12, DROP),
    load(BPF_B | BPF_ABS, 6),
    branch(13, UDP, TAKE, 14),
    branch(14, TCP, 15, DROP),
    load(BPF_B | BPF_ABS, 40 + TCP_FLAGS),
    op(BPF_ALU | BPF_AND, 0, 0, SYN | RST | ACK),
    branch(17, SYN, TAKE, 18),
    branch(18, RST | ACK, TAKE, DROP),
    op(BPF_RET, 0, 0, HEADERS),
    op(BPF_RET, 0, 0, 0),
];

/// The instructions that end it.
const TAKE: u8 = 19;
const DROP: u8 = 20;

const fn load(from: u32, place: u32) -> libc::sock_filter {
    op(BPF_LD | from, 0, 0, place)
}

/// The instruction of that number, which goes on with one or the other.
const fn branch(number: u8, value: u32, same: u8, other: u8) -> libc::sock_filter {
    op(BPF_JMP | BPF_JEQ, same - number - 1, other - number - 1, value)
}

#[expect(clippy::cast_possible_truncation, reason = "codes of instructions have two bytes")]
const fn op(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

/// Where the kernel says which way a packet goes. [doc] linux/filter.h
#[expect(clippy::cast_sign_loss, reason = "the kernel counts such places from the end")]
const PACKET_KIND: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE) as u32;

/// A packet on its way out. [doc] linux/if_packet.h
const OUTGOING: u32 = 4;

/// The protocols' numbers, and the flags of TCP. [doc] RFC 791, RFC 9293
const TCP: u32 = 6;
const UDP: u32 = 17;
const TCP_FLAGS: u32 = 13;
const SYN: u32 = 0x02;
const RST: u32 = 0x04;
const ACK: u32 = 0x10;

/// The most of a packet that is handed out, bytes: the headers.
const HEADERS: u32 = 128;

/// Room for what is dialed while nobody looks, bytes; the system gives as much of it as it allows.
const WATCH_BUFFER: usize = 8 << 20;

/// The longest text that goes with sockets, bytes.
const LONGEST_TEXT: usize = 256;

/// How many sockets go with one text.
const MOST_SOCKETS: usize = 64;

/// Ports are numbered from here among the steps.
const LISTEN: u32 = 100;
