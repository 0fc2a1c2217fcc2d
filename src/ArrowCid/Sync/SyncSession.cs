using System.Security.Cryptography;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>
/// The side of a sync that answers. Each request has an answer of several messages, of which the last is
/// <see cref="SyncMessage.Done"/>; what cannot be done is refused in the answer, and the session goes on. For one
/// thread at a time.
/// </summary>
/// <param name="end">What is asked.</param>
/// <param name="rights">What the caller of the first request may do.</param>
/// <param name="reserve">Reserves memory for a set, in bytes; throws <see cref="ErrorCode.Busy"/> where there is
/// none.</param>
internal sealed class SyncSession(ISyncEnd end, SyncRights rights, Action<long>? reserve = null)
{
    /// <summary>What the caller of the next request may do.</summary>
    public SyncRights Rights { get; set; } = rights;

    private SyncScope _scope = new("", SyncSet.Empty, IsTail: false);
    private SyncHash _hash;
    private SketchPlan? _plan;
    private int _bits = -1;
    private byte[]? _sums;
    private PartialBlock? _partial;

    /// <summary>Answers a request.</summary>
    public IEnumerable<byte[]> Answer(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        using IEnumerator<byte[]> answers = Deferred(request, cancellationToken).GetEnumerator();
        while (true)
        {
            byte[]? refusal = null;
            bool isMore = false;
            try
            {
                isMore = answers.MoveNext();
            }
            catch (ArrowCidException e)
            {
                refusal = SyncMessage.Refused(e.Code, e.Message, e.Code == ErrorCode.Busy ? 1000UL : 0UL);
            }

            if (refusal is not null) yield return refusal;
            else if (isMore) yield return answers.Current;
            if (refusal is null && isMore) continue;
            yield return SyncMessage.Done;
            yield break;
        }
    }

    /// <summary>What a request breaks is thrown where its answer is read.</summary>
    private IEnumerable<byte[]> Deferred(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        foreach (byte[] answer in Serve(request, cancel)) yield return answer;
    }

    private IEnumerable<byte[]> Serve(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        SyncMessage message = SyncMessage.Read(request);
        return message.Kind switch
        {
            SyncMessageKind.Hello => [Welcome(SyncHello.Decode(message), cancel)],
            SyncMessageKind.Sums => [Compare(message)],
            SyncMessageKind.Symbols => [Symbols(message)],
            SyncMessageKind.List => List(message),
            SyncMessageKind.Describe => [Describe(message)],
            SyncMessageKind.ReadBlocks => ReadBlocks(message),
            SyncMessageKind.ReadFacts => end.ReadFacts(message.Digests().ToHashSet())
                .Select(payload => SyncMessage.Write(SyncMessageKind.Facts, [], payload)),
            SyncMessageKind.Offer => [StatesOf(message)],
            SyncMessageKind.PutBlock => [PutPart(message)],
            SyncMessageKind.PutFacts => [PutFacts(message)],
            _ => throw DagCborReader.Refuse($"a message of kind {(int)message.Kind} is no request", 0),
        };
    }

    private byte[] Welcome(SyncHello hello, CancellationToken cancel)
    {
        SyncScope scope = end.Open(hello.Wish, cancel);
        reserve?.Invoke(scope.Set.ByteLength);
        byte[] nonce = RandomNumberGenerator.GetBytes(SyncHash.NonceBytes);
        (_scope, _plan, _sums, _bits) = (scope, null, null, -1);
        _hash = new SyncHash(hello.Nonce, nonce);
        return new SyncWelcome(nonce, end.Id, scope.Fence, scope.Set.Count, scope.Set.Sum(in _hash), scope.IsTail)
            .Encode();
    }

    private byte[] Compare(SyncMessage message)
    {
        int bits = message.Number(0, SyncSet.MostBits);
        if (bits != _bits) (_bits, _sums) = (bits, _scope.Set.BucketSums(in _hash, bits));
        if (message.Bytes.Length != _sums!.Length) throw DagCborReader.Refuse("sums of another number of buckets", 0);
        byte[] map = SyncSet.Differences(_sums, message.Bytes.Span, bits);
        _plan = new SketchPlan(bits, map);
        return SyncMessage.Write(SyncMessageKind.Differences, [], map);
    }

    private byte[] Symbols(SyncMessage message)
    {
        SketchPlan plan = Plan();
        if (plan.Groups == 0) throw DagCborReader.Refuse("no bucket differs", 0);
        int group = message.Number(0, plan.Groups - 1), first = message.Number(1, SyncLimits.GroupSymbols),
            count = message.Number(2, SyncLimits.Symbols);
        Digest256[] items = _scope.Set.ItemsOf(plan, group, in _hash);
        var symbols = new CodedSymbol[count];
        Sketch.Encode(items, in _hash, first, symbols);
        return SyncMessage.Write(SyncMessageKind.Symbols, [(ulong)group, (ulong)first], Sketch.Write(symbols));
    }

    private IEnumerable<byte[]> List(SyncMessage message)
    {
        int group = message.Number(0, int.MaxValue);
        IEnumerable<Digest256> items = _plan is null && group == 0 ? _scope.Set.Items
            : group < Plan().Groups ? _scope.Set.ItemsOf(Plan(), group, in _hash)
            : throw DagCborReader.Refuse("no such group", 0);
        foreach (Digest256[] some in items.Chunk(SyncLimits.Digests))
            yield return SyncMessage.Write(SyncMessageKind.List, [(ulong)group], some);
    }

    private byte[] Describe(SyncMessage message) => SyncMessage.Descriptions(
        Array.ConvertAll(message.Digests(), digest => end.Describe(in digest)));

    private IEnumerable<byte[]> ReadBlocks(SyncMessage message)
    {
        foreach (Digest256 digest in message.Digests())
        {
            using SyncBlock? block = end.Read(in digest);
            if (block is null) continue;
            int at = 0;
            do
            {
                int length = Math.Min(SyncLimits.PartBytes, block.Bytes.Length - at);
                yield return PartialBlock.Write(SyncMessageKind.Block, in digest, block.Codec, block.Bytes.Length, at,
                    block.Bytes.Span.Slice(at, length));
                at += length;
            }
            while (at < block.Bytes.Length);
        }
    }

    private byte[] StatesOf(SyncMessage message)
    {
        Digest256[] digests = message.Digests();
        if (message.Numbers.Count != digests.Length)
            throw DagCborReader.Refuse("an offer has a time for each block", 0);
        var states = new byte[digests.Length];
        for (int i = 0; i < digests.Length; i++) states[i] = (byte)end.StateOf(in digests[i], message.Numbers[i]);
        return SyncMessage.Write(SyncMessageKind.States, [], states);
    }

    private byte[] PutPart(SyncMessage message)
    {
        Rights.RequirePut();
        PartialBlock.Part part = PartialBlock.Read(message);
        if (part.Total > SyncLimits.PushedBlockBytes)
        {
            _partial = null;
            throw new ArrowCidException(ErrorCode.TooLarge, $"a block of {part.Total} bytes cannot be pushed; " +
                $"{SyncLimits.PushedBlockBytes} at most, and the other side can pull it");
        }

        if (part.Offset == 0) _partial = new PartialBlock(part);
        PartialBlock partial = _partial ?? throw DagCborReader.Refuse("a part of a block without its beginning", 0);
        if (!partial.TryAdd(part)) throw DagCborReader.Refuse("a part of a block does not follow the one before", 0);
        if (!partial.IsWhole) return SyncMessage.Write(SyncMessageKind.States, [], [(byte)SyncBlockState.Wanted]);
        _partial = null;
        Digest256 digest = part.Digest;
        return end.Put(part.Codec, in digest, partial.Bytes)
            ? SyncMessage.Write(SyncMessageKind.States, [], [(byte)SyncBlockState.Here])
            : throw new ArrowCidException(ErrorCode.InvalidData, $"the bytes are not sha256:{digest}");
    }

    private byte[] PutFacts(SyncMessage message)
    {
        Rights.RequirePut();
        (int taken, int refused) = end.PutFacts(message.Bytes, Rights.IsAdmin);
        return SyncMessage.Write(SyncMessageKind.FactsTaken, [(ulong)taken, (ulong)refused]);
    }

    private SketchPlan Plan() =>
        _plan ?? throw DagCborReader.Refuse("sums are compared before a group is asked for", 0);
}
