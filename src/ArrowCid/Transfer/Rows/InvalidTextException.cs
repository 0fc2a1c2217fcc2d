using System.Globalization;

namespace ArrowCid.Transfer;

/// <summary>CSV or JSON lines that break a rule, with the place. Its code is <see cref="ErrorCode.InvalidData"/> or
/// <see cref="ErrorCode.TooLarge"/>.</summary>
public sealed class InvalidTextException : ArrowCidException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="rule">What is wrong and what to do, without a full stop.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The character in the line, from 1.</param>
    /// <param name="code">The error code.</param>
    /// <param name="inner">The cause, where another exception is.</param>
    public InvalidTextException(string rule, long line, long column, ErrorCode code = ErrorCode.InvalidData,
        Exception? inner = null)
        : base(code, string.Create(CultureInfo.InvariantCulture, $"line {line}, column {column}: {rule}"), inner) =>
        (Rule, Line, Column) = (rule, line, column);

    /// <summary>The error in the text.</summary>
    public string Rule { get; }

    /// <summary>The line, from 1.</summary>
    public long Line { get; }

    /// <summary>The character in the line, from 1.</summary>
    public long Column { get; }
}
