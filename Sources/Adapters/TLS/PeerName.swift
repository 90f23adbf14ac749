/// The name or address that a peer is asked for, as certificates have it.
struct PeerName {
    /// The name without the dot that ends an absolute one.
    let text: String
    /// The same without the zone that an IPv6 address may have; an address only if it reads as one.
    let address: String

    init(_ host: String) {
        text = host.utf8.last == UInt8(ascii: ".") ? String(host.dropLast()) : host
        address = host.contains(":") ? String(host.prefix { $0 != "%" }) : host
    }
}
