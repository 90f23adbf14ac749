/// How the addresses of one host are tried.
public enum AddressOrder: Sendable, Hashable {
    /// IPv6 and IPv4 by turns, the next one 250 ms after the last if nothing has answered by then; the first stream that
    /// is open wins, and the others are given up ("happy eyeballs", RFC 8305).
    case raced
    /// One after another, in the resolver's order.
    case sequential
}
