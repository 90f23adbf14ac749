// SAFETY: the value is only opened by closures that the loop's mailbox runs on the loop's thread.
/// Carries a value that belongs to a loop's thread through a `@Sendable` closure that runs there.
struct Confined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
