using System.Buffers.Binary;
using ArrowCid.Ipld;

namespace ArrowCid.Sync;

/// <summary>The answer to a hello.</summary>
/// <param name="Nonce">The server's part of the key, 32 bytes.</param>
/// <param name="Store">The identity of its store.</param>
/// <param name="Fence">The moment at which its set was fixed, as the text of a cursor.</param>
/// <param name="Count">The number of its items.</param>
/// <param name="Sum">The sum of their hashes.</param>
/// <param name="IsTail">Whether the set is only what came since the cursor of the hello.</param>
internal sealed record SyncWelcome(byte[] Nonce, Guid Store, string Fence, long Count, ulong Sum, bool IsTail)
{
    private const int IdBytes = 16;

    public byte[] Encode()
    {
        var sum = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(sum, Sum);
        return SyncMessage.Map(SyncMessageKind.Welcome, ("v", 1UL), ("sum", sum), ("tail", IsTail ? true : null),
            ("count", (ulong)Count), ("fence", Fence), ("nonce", Nonce), ("store", Store.ToByteArray(bigEndian: true)));
    }

    public static SyncWelcome Decode(SyncMessage message)
    {
        byte[] sum = message.Member<byte[]>("sum"), nonce = message.Member<byte[]>("nonce"),
            store = message.Member<byte[]>("store");
        ulong count = message.Member<ulong>("count");
        bool isWhole = message.Member<ulong>("v") == 1 && sum.Length == sizeof(ulong) &&
            nonce.Length == SyncHash.NonceBytes && store.Length == IdBytes && count <= int.MaxValue;
        if (!isWhole) throw DagCborReader.Refuse("a welcome in a wrong form", 0);
        return new SyncWelcome(nonce, new Guid(store, bigEndian: true), message.Member<string>("fence"), (long)count,
            BinaryPrimitives.ReadUInt64LittleEndian(sum), message.Optional<bool>("tail"));
    }
}
