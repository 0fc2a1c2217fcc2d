using System.Globalization;

namespace ArrowCid.Postgres;

/// <summary>A point in the log of a pool. A member that has waited for it sees what was written up to it.</summary>
/// <param name="Pool">The id of the pool.</param>
/// <param name="Transaction">The number of the transaction.</param>
/// <param name="Sequence">The number of the group of facts.</param>
public readonly record struct PoolToken(Guid Pool, ulong Transaction, long Sequence)
{
    private const string Prefix = "p1";

    /// <summary>Reads a token.</summary>
    /// <param name="text">A text that <see cref="ToString"/> returned.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is none.</exception>
    public static PoolToken Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool isToken = text.Split(':') is [Prefix, _, _, _]
            & Guid.TryParseExact(Part(text, 1), "n", out Guid id)
            & ulong.TryParse(Part(text, 2), NumberStyles.None, CultureInfo.InvariantCulture, out ulong xid)
            & long.TryParse(Part(text, 3), NumberStyles.None, CultureInfo.InvariantCulture, out long seq);
        return isToken
            ? new PoolToken(id, xid, seq)
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"'{text}' is no token of a pool");
    }

    /// <summary>The token as text: <c>p1:POOL:TRANSACTION:SEQUENCE</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{Pool:n}:{Transaction}:{Sequence}");

    private static string Part(string text, int index) => text.Split(':').ElementAtOrDefault(index) ?? "";
}
