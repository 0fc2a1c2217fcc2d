using System.Globalization;
using System.Text;

namespace ArrowCid;

/// <summary>
/// Arrow data that breaks a rule of the columnar format or has no canonical form
/// (<c>Ipc/Canonical/canonical-block.md</c>, section 4). Its code is <see cref="ErrorCode.InvalidData"/>,
/// <see cref="ErrorCode.Unsupported"/> or <see cref="ErrorCode.TooLarge"/>.
/// </summary>
public sealed class InvalidArrowException : ArrowCidException
{
    /// <summary>Makes an exception whose message names the rule and the place.</summary>
    /// <param name="rule">The rule that is broken, as a sentence without a full stop.</param>
    /// <param name="fieldPath">
    /// The field, its ancestors first, joined by dots; empty where it is not about a field.
    /// </param>
    /// <param name="row">The row of that field's column, from 0, or -1.</param>
    /// <param name="offset">The byte offset in the stream or file, from 0, or -1.</param>
    /// <param name="code">The error code.</param>
    /// <param name="inner">The cause, where another exception is.</param>
    public InvalidArrowException(string rule, string fieldPath = "", long row = -1, long offset = -1,
        ErrorCode code = ErrorCode.InvalidData, Exception? inner = null)
        : base(code, Describe(rule, fieldPath, row, offset), inner) =>
        (Rule, FieldPath, Row, Offset) = (rule, fieldPath, row, offset);

    /// <summary>The rule that is broken.</summary>
    public string Rule { get; }

    /// <summary>The field, its ancestors first, joined by dots; empty where the fault is not in a field.</summary>
    public string FieldPath { get; }

    /// <summary>The row of that field's column, from 0; -1 where the fault is not in a row.</summary>
    public long Row { get; }

    /// <summary>The byte offset in the stream or file, from 0; -1 where it is not known.</summary>
    public long Offset { get; }

    private static string Describe(string rule, string fieldPath, long row, long offset)
    {
        var text = new StringBuilder(rule);
        if (fieldPath.Length > 0) text.Append(CultureInfo.InvariantCulture, $"; field '{fieldPath}'");
        if (row >= 0) text.Append(CultureInfo.InvariantCulture, $", row {row}");
        if (offset >= 0) text.Append(CultureInfo.InvariantCulture, $", byte {offset}");
        return text.ToString();
    }
}
