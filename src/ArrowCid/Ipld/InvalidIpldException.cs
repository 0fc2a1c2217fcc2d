using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// Bytes or a node that break a rule of dag-cbor, dag-pb or UnixFS. Its code is <see cref="ErrorCode.InvalidData"/>.
/// </summary>
public sealed class InvalidIpldException : ArrowCidException
{
    /// <summary>Makes an exception whose message names the format, the rule and the place.</summary>
    /// <param name="format"><c>dag-cbor</c>, <c>dag-pb</c> or <c>unixfs</c>.</param>
    /// <param name="rule">The rule that is broken, as a sentence without a full stop.</param>
    /// <param name="offset">The byte offset in the block, from 0, or -1.</param>
    public InvalidIpldException(string format, string rule, long offset = -1)
        : base(ErrorCode.InvalidData, Describe(format, rule, offset)) => (Rule, Offset) = (rule, offset);

    /// <summary>The rule that is broken.</summary>
    public string Rule { get; }

    /// <summary>The byte offset in the block of the item that breaks the rule, from 0; -1 where it is not about
    /// bytes.</summary>
    public long Offset { get; }

    private static string Describe(string format, string rule, long offset) => offset < 0
        ? $"Not {format}: {rule}."
        : string.Create(CultureInfo.InvariantCulture, $"Not {format}: {rule}; byte {offset}.");
}
