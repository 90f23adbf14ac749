/// Every scenario for faces; each is written once, and run on every face.
public enum FaceScenarios {
    /// All of them; they run on the broker that all tests share.
    public static var all: [FaceScenario] {
        FaceOpening.all + FaceTransports.all + FaceRefusals.all + FaceConnectionErrors.all + FaceTopology.all
            + FaceArguments.all
            + FacePublishing.all + FaceConsuming.all + FaceAcknowledging.all + FaceClosing.all + FaceRareMethods.all
            + FaceConcurrency.all + FaceDeadlines.all + FacePatterns.all
    }

    /// Every face that must pass them.
    public static let faces: [any Face] = {
        var faces: [any Face] = [CallbackFace(), BlockingFace()]
        #if NIO
        faces.append(NIOFace())
        #endif
        faces.append(AsyncFace())
        return faces
    }()
}
