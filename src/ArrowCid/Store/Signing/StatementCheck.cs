using ArrowCid.Signing;

namespace ArrowCid;

/// <summary>A signed statement about a block, and what its check found.</summary>
public sealed record StatementCheck
{
    /// <summary>The CID of the statement's block.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The CID of the signature's block.</summary>
    public required Cid SignatureCid { get; init; }

    /// <summary>Whether the signature holds.</summary>
    public required SignatureState State { get; init; }

    /// <summary>The statement; null where its block is not stored or has another form. Nothing of it is proved unless
    /// the signature holds.</summary>
    public Statement? Statement { get; init; }

    /// <summary>The bytes of the statement and its signature; null where a block is not stored.</summary>
    public SignedStatement? Signed { get; init; }

    /// <summary>Why it does not hold, as a clause; null where it does.</summary>
    public string? Fault { get; init; }
}
