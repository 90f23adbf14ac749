/// Collects a description up to a limit, so that describing a value costs time and memory in proportion to the
/// description and not to the value.
struct BoundedText {
    /// The size of the whole text in bytes, from which on nothing is added; the last addition may reach a little over it.
    private static let limit = 900
    /// The number of Unicode scalars that are shown of one text inside.
    private static let shownScalars = 64

    /// What has been collected.
    private(set) var text = ""
    /// Whether something was left out because the limit is reached.
    private(set) var isFull = false

    /// Adds a short text, or "…" and nothing more once the limit is reached.
    mutating func add(_ addition: String) {
        guard !isFull else { return }
        guard text.utf8.count < BoundedText.limit else {
            isFull = true
            text += "…"
            return
        }
        text += addition
    }

    /// Adds a text of any length, shortened, in quotes and with control characters escaped.
    mutating func addQuoted(_ text: String) {
        add(BoundedText.shortened(text).debugDescription)
    }

    /// The text, cut behind 64 Unicode scalars.
    static func shortened(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: shownScalars, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return text }
        return String(scalars[..<end]) + "…"
    }
}
