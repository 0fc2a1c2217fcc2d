namespace ArrowCid.Registry;

/// <summary>The position of a consumer: messages below the cursor are acknowledged, and of those after it the ones
/// whose digests begin with these eight bytes.</summary>
internal sealed record ConsumerState(byte[] Cursor, ulong[] Ahead);
