internal import Foundation

/// The rows of docs/PARITY.md.
struct ParityTable {
    struct Row {
        var id: String
        /// The symbols that the row names as ours.
        var symbols: [String]
        /// The tests that it names: `Target/function`, or the name of a check or a scenario.
        var tests: [String]
        /// Why there is nothing of ours, if the row says so.
        var reason: String?
    }

    var rows: [Row] = []

    init(text: String) {
        for line in text.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4, cells[0] != "id", !cells[0].hasPrefix("---") else { continue }
            let reason = cells[2].hasPrefix("left out: ") ? String(cells[2].dropFirst(10)) : nil
            rows.append(
                Row(id: cells[0], symbols: Self.quoted(cells[2]), tests: Self.quoted(cells[3]), reason: reason))
        }
    }

    /// What stands between backquotes.
    private static func quoted(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
