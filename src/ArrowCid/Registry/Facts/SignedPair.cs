namespace ArrowCid.Registry;

/// <summary>The blocks of a statement and of its signature.</summary>
internal readonly record struct SignedPair(Cid Statement, Cid Signature) : IComparable<SignedPair>
{
    public int CompareTo(SignedPair other) => Statement.CompareTo(other.Statement) is not 0 and var order
        ? order
        : Signature.CompareTo(other.Signature);
}
