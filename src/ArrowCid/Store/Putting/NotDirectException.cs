namespace ArrowCid;

/// <summary>A body that was received has values that need the encoder.</summary>
internal sealed class NotDirectException() : Exception("the body needs the encoder");
