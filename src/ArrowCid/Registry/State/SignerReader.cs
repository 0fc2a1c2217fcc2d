using System.Collections.Concurrent;
using ArrowCid.Memory;
using ArrowCid.Signing;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Reads signed statements out of their blocks and verifies them. What a pair of blocks says never changes, so
/// results are kept. For any number of threads.</summary>
/// <param name="read">Reads a block, of which nothing is proved; returns null where it is missing or longer than a
/// statement may be.</param>
internal sealed class SignerReader(Func<Cid, byte[]?> read)
{
    private const int MostKnown = 1 << 16;

    // What was read and verified: of a signature that does not hold, no statement.
    private readonly ConcurrentDictionary<SignedPair, Statement?> _known = new();

    /// <summary>Reads the statements of a store.</summary>
    public SignerReader(BlockStore blocks) : this(cid => Read(blocks, cid))
    {
    }

    /// <summary>The keys of the statements about a block that hold, sorted.</summary>
    public IReadOnlyList<string> Of(Cid block, IReadOnlyList<SignedPair> pairs)
    {
        var signers = new SortedSet<string>(StringComparer.Ordinal);
        foreach (SignedPair pair in pairs)
        {
            bool isOfBlock = CheckKnown(pair, out Statement? statement) == SignatureState.Holds &&
                statement!.Subject.Hash == block.Hash;
            if (isOfBlock) _ = signers.Add(statement!.Key);
        }

        return [.. signers];
    }

    /// <summary>As <see cref="Check"/> without a shared secret, once for each pair.</summary>
    public SignatureState CheckKnown(SignedPair pair, out Statement? statement)
    {
        if (_known.TryGetValue(pair, out statement))
            return statement is null ? SignatureState.Broken : SignatureState.Holds;
        SignatureState state = Check(pair, secret: null, out statement);
        // A missing block may come later.
        if (state is SignatureState.Missing or SignatureState.NoKey) return state;
        if (state != SignatureState.Holds) statement = null;
        if (_known.Count >= MostKnown) _known.Clear();
        _known[pair] = statement;
        return state;
    }

    /// <summary>Checks a pair of blocks.</summary>
    /// <param name="pair">The blocks.</param>
    /// <param name="secret">The shared secret, for statements of it.</param>
    /// <param name="statement">The statement; null where it is missing or has another form.</param>
    public SignatureState Check(SignedPair pair, SigningKey? secret, out Statement? statement)
    {
        statement = null;
        if (Read(pair.Statement) is not { } block || Read(pair.Signature) is not { } signature)
            return SignatureState.Missing;
        if (!IsOf(pair.Statement, block) || !IsOf(pair.Signature, signature)) return SignatureState.Broken;
        return SignedStatement.Check(block, signature, out statement, secret);
    }

    /// <summary>The bytes of a block, of which nothing is proved; null where it is not stored.</summary>
    public byte[]? Read(Cid cid) => read(cid);

    private static byte[]? Read(BlockStore blocks, Cid cid)
    {
        if (!cid.TryGetSha256(out Digest256 digest)) return null;
        using RecordLease? lease = blocks.Find(digest);
        return lease is null || lease.Info.Length > Statement.MaxBytes ? null : lease.Memory.ToArray();
    }

    private static bool IsOf(Cid cid, ReadOnlySpan<byte> bytes) =>
        cid.TryGetSha256(out Digest256 digest) && Sha256.Hash(bytes) == digest;
}
