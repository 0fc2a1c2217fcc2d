using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>The message that begins a comparison.</summary>
/// <param name="Nonce">The client's part of the key, 32 bytes.</param>
/// <param name="Wish">The set.</param>
internal sealed record SyncHello(byte[] Nonce, SyncWish Wish)
{
    // The version of the format.
    private const ulong Version = 1;
    private const int MostFilterBytes = 65_536;

    private static readonly string[] s_subjects = ["blocks", "facts", "store"];

    public byte[] Encode() => SyncMessage.Map(SyncMessageKind.Hello,
        ("v", Version), ("cids", Wish.Blocks is { } blocks ? BytesOf(blocks) : null),
        ("pins", Wish.WithPins ? true : null), ("what", s_subjects[(int)Wish.Subject]),
        ("nonce", Nonce), ("cursor", Wish.Since), ("filter", Wish.Filter));

    public static SyncHello Decode(SyncMessage message)
    {
        ulong version = message.Member<ulong>("v");
        if (version != Version)
            throw new ArrowCidException(ErrorCode.Unsupported, $"version {version} of sync; this side has {Version}");
        byte[] nonce = message.Member<byte[]>("nonce");
        if (nonce.Length != SyncHash.NonceBytes) throw DagCborReader.Refuse("a nonce has 32 bytes", 0);
        string what = message.Member<string>("what");
        int subject = Array.IndexOf(s_subjects, what);
        if (subject < 0) throw new ArrowCidException(ErrorCode.Unsupported, $"no sync of '{what}' here");
        string? filter = message.Optional<string>("filter");
        byte[]? cids = message.Optional<byte[]>("cids");
        if (cids?.Length % Digest256.ByteCount > 0) throw DagCborReader.Refuse("a digest has 32 bytes", 0);
        if (cids?.Length > SyncLimits.Digests * Digest256.ByteCount)
            throw new ArrowCidException(ErrorCode.TooLarge, $"over {SyncLimits.Digests} blocks are named");
        return filter?.Length > MostFilterBytes
            ? throw new ArrowCidException(ErrorCode.TooLarge, $"a filter of over {MostFilterBytes} characters")
            : new SyncHello(nonce, new SyncWish((SyncSubject)subject, filter, message.Optional<bool>("pins"),
                message.Optional<string>("cursor"), cids is null ? null : DigestsOf(cids)));
    }

    private static byte[] BytesOf(Digest256[] digests)
    {
        var bytes = new byte[digests.Length * Digest256.ByteCount];
        for (int i = 0; i < digests.Length; i++) digests[i].CopyTo(bytes.AsSpan(i * Digest256.ByteCount));
        return bytes;
    }

    private static Digest256[] DigestsOf(byte[] bytes)
    {
        var digests = new Digest256[bytes.Length / Digest256.ByteCount];
        for (int i = 0; i < digests.Length; i++)
            digests[i] = new Digest256(bytes.AsSpan(i * Digest256.ByteCount, Digest256.ByteCount));
        return digests;
    }
}
