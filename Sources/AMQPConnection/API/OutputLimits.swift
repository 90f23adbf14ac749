/// How much output may wait, by the parameters.
///
/// They are asked for with every publish and acknowledgement, which is cheaper beside the parameters than in them: those
/// can be reached from outside, so each read of them is checked for exclusive access.
struct OutputLimits {
    let limit: Int
    let lowWaterMark: Int
    let highWaterMark: Int
    let detectsBackpressure: Bool

    init(_ parameters: ConnectionParameters) {
        limit = parameters.outputLimit
        lowWaterMark = parameters.outputLowWaterMark
        highWaterMark = parameters.outputHighWaterMark
        detectsBackpressure = parameters.backpressureDetection
    }
}
