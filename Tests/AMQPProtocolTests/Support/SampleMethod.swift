import AMQPProtocol

/// A method of which the tests can make any number of samples; generated for every method.
protocol SampleMethod: AMQPMethod {
    /// The method in the enum over all of them.
    var method: Method { get }

    /// A method with random arguments.
    init(random: inout RandomValues)
}

/// An argument that is a short string; generated for every one of them.
struct ShortStringArgument: Sendable {
    let method: MethodID
    /// The argument's name in the specification.
    let name: String
    /// Makes the method with this text as the argument and random others.
    let make: @Sendable (String, inout RandomValues) -> Method

    init<Sample: SampleMethod>(_ name: String, _ path: any WritableKeyPath<Sample, String> & Sendable) {
        self.method = Sample.id
        self.name = name
        self.make = { text, random in
            var sample = Sample(random: &random)
            sample[keyPath: path] = text
            return sample.method
        }
    }
}
