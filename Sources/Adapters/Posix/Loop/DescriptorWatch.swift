/// The callbacks of one watched descriptor.
final class DescriptorWatch {
    /// A callback and the turn that set it; what is set in a turn is not called in that turn, so that an event polled
    /// before cannot reach the new user of a descriptor number.
    struct Registration {
        let callback: () -> Void
        let turn: UInt64
    }

    var reader: Registration?
    var writer: Registration?

    var interest: Readiness {
        var interest: Readiness = []
        if reader != nil { interest.insert(.readable) }
        if writer != nil { interest.insert(.writable) }
        return interest
    }
}
