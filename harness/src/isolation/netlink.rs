//! Words to the kernel about the network, as rtnetlink(7) has them: the loopback device goes on, and
//! every address becomes local.

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use std::os::fd::AsRawFd;

/// Switches the loopback device on.
pub(super) fn switch_loopback_on() -> Result<(), Errno> {
    // ifinfomsg: family, padding, type, index, flags, mask of flags.
    let up = u32::try_from(libc::IFF_UP).map_err(|_| Errno::EINVAL)?.to_ne_bytes();
    let body = [&[0; 4][..], &LOOPBACK.to_ne_bytes(), &up, &up].concat();
    ask(libc::RTM_NEWLINK, 0, &body)
}

/// Makes every address of both versions this machine's own; a kernel without version 6 has none
/// of it to reach.
pub(super) fn route_everything() -> Result<(), Errno> {
    route(libc::AF_INET)?;
    match route(libc::AF_INET6) {
        Err(Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP | Errno::ENODEV | Errno::EACCES) => Ok(()),
        done => done,
    }
}

/// `ip route add local default dev lo`
fn route(family: i32) -> Result<(), Errno> {
    let family = u8::try_from(family).map_err(|_| Errno::EINVAL)?;
    // rtmsg: family, length of destination and source, tos, table, protocol, scope, type, flags.
    let head = [
        family,
        0,
        0,
        0,
        libc::RT_TABLE_LOCAL,
        libc::RTPROT_STATIC,
        libc::RT_SCOPE_HOST,
        libc::RTN_LOCAL,
    ];
    // rtattr: length, type, the device.
    let kind = libc::RTA_OIF.to_ne_bytes();
    let device = [&8_u16.to_ne_bytes()[..], &kind, &LOOPBACK.to_ne_bytes()].concat();
    let body = [&head[..], &[0; 4], &device].concat();
    ask(libc::RTM_NEWROUTE, libc::NLM_F_CREATE | libc::NLM_F_REPLACE, &body)
}

/// Sends one message and waits for its acknowledgement.
fn ask(kind: u16, flags: i32, body: &[u8]) -> Result<(), Errno> {
    let route = SockProtocol::NetlinkRoute;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, route)?;
    let flags = u16::try_from(flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK);
    let length = u32::try_from(HEAD + body.len());
    let (Ok(flags), Ok(length)) = (flags, length) else { return Err(Errno::EINVAL) };
    // nlmsghdr: length, type, flags, sequence, port.
    let message =
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 8], body]
            .concat();
    let kernel = NetlinkAddr::new(0, 0);
    sendto(socket.as_raw_fd(), &message, &kernel, MsgFlags::empty())?;
    let mut answer = [0; 1024];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    outcome(&answer[..length])
}

/// What the kernel answered: nlmsghdr, then nlmsgerr, which begins with the error's number or 0.
fn outcome(answer: &[u8]) -> Result<(), Errno> {
    let kind = answer.get(4..6).and_then(|bytes| Some(u16::from_ne_bytes(bytes.try_into().ok()?)));
    let error = answer.get(HEAD..).and_then(|bytes| bytes.first_chunk::<4>());
    match (kind, error) {
        (Some(kind), Some(error)) if i32::from(kind) == libc::NLMSG_ERROR => {
            match i32::from_ne_bytes(*error) {
                0 => Ok(()),
                number => Err(Errno::from_raw(-number)),
            }
        }
        _ => Err(Errno::EPROTO),
    }
}

/// The loopback device is the first of each namespace.
const LOOPBACK: u32 = 1;

/// The length of a message's head.
const HEAD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_oddities_are_errors() {
        let answer = |kind: i32, error: i32| {
            let kind = u16::try_from(kind).expect("kinds are small");
            let mut bytes = vec![0; HEAD];
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            bytes.extend(error.to_ne_bytes());
            bytes
        };
        let read = |bytes: &[u8]| outcome(bytes);
        assert_eq!(read(&answer(libc::NLMSG_ERROR, 0)), Ok(()));
        assert_eq!(read(&answer(libc::NLMSG_ERROR, -libc::EPERM)), Err(Errno::EPERM));
        assert_eq!(read(&answer(libc::NLMSG_DONE, 0)), Err(Errno::EPROTO));
        assert_eq!(read(&answer(libc::NLMSG_ERROR, 0)[..HEAD + 3]), Err(Errno::EPROTO));
        assert_eq!(read(&[]), Err(Errno::EPROTO));
    }
}
