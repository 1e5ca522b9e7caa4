//! Datagrams that are answered from the address to which they were sent: whoever asks a name server
//! takes no answer from another.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::sockopt::{IpFreebind, Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::AsRawFd as _;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Where a datagram came from and where it was sent to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    from: SockaddrStorage,
    to: To,
}

#[derive(Clone, Copy, Debug)]
enum To {
    V4(libc::in_pktinfo),
    V6(libc::in6_pktinfo),
}

/// Lets a socket tell where its datagrams were sent to.
pub(super) fn prepare(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
    match socket.local_addr()?.is_ipv6() {
        true => {
            setsockopt(&socket, Ipv6RecvPacketInfo, &true)?;
            // In version 6 no route makes an address one to answer from.
            setsockopt(&socket, IpFreebind, &true)?;
        }
        false => setsockopt(&socket, Ipv4PacketInfo, &true)?,
    }
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Takes the next datagram.
pub(super) async fn take(socket: &UdpSocket, room: &mut [u8]) -> io::Result<(usize, Way)> {
    socket.async_io(Interest::READABLE, || take_now(socket, room)).await
}

fn take_now(socket: &UdpSocket, room: &mut [u8]) -> io::Result<(usize, Way)> {
    let mut control = cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo);
    let mut parts = [IoSliceMut::new(room)];
    let flags = MsgFlags::MSG_DONTWAIT;
    let taken =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let to = taken.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(To::V4(info)),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(To::V6(info)),
        _ => None,
    });
    let (from, to) = taken.address.zip(to).ok_or(Errno::EDESTADDRREQ)?;
    Ok((taken.bytes, Way { from, to }))
}

/// Sends an answer the same way back.
pub(super) fn answer(socket: &UdpSocket, bytes: &[u8], way: &Way) -> io::Result<()> {
    let bytes = [IoSlice::new(bytes)];
    let (v4, v6);
    let source = match way.to {
        To::V4(info) => {
            // The address to answer from, and no device.
            v4 = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: info.ipi_addr, ..info };
            ControlMessage::Ipv4PacketInfo(&v4)
        }
        To::V6(info) => {
            v6 = libc::in6_pktinfo { ipi6_ifindex: 0, ..info };
            ControlMessage::Ipv6PacketInfo(&v6)
        }
    };
    sendmsg(socket.as_raw_fd(), &bytes, &[source], MsgFlags::MSG_DONTWAIT, Some(&way.from))?;
    Ok(())
}
