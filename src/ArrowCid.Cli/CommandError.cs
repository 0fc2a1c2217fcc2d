using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ArrowCid.Transfer;
using ArrowCid.Registry;

namespace ArrowCid.Cli;

/// <summary>How errors are said and which exit codes they have.</summary>
internal static class CommandError
{
    private const int BrokenPipe = 32;
    private const int ExitOfBrokenPipe = 141;
    private const int ExitOfState = 5;

    /// <summary>Says an error on standard error.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="where">A file or CID that the message does not name itself, or null.</param>
    /// <returns>The exit code.</returns>
    public static int Report(Exception error, string? where = null)
    {
        if (IsBrokenPipe(error)) return ExitOfBrokenPipe;
        (string message, int exit) = error switch
        {
            ArrowCidException e => (Advice.Of(e), ErrorTable.ExitCode(e.Code)),
            ArgumentException e => (WithoutParameter(e), ErrorTable.ExitCode(ErrorCode.InvalidArgument)),
            IOException { InnerException: SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } } =>
                (error.Message, ExitOfState),
            UnauthorizedAccessException or IOException => (error.Message, ErrorTable.ExitCode(IoFault.CodeOf(error))),
            OutOfMemoryException => ("out of memory", ErrorTable.ExitCode(ErrorCode.TooLarge)),
            OperationCanceledException => ("cancelled", 130),
            _ => ($"a fault in arrowcid itself: {error.Message} (ARROWCID_DEBUG=1 shows where)",
                ErrorTable.ExitCode(ErrorCode.Internal)),
        };
        Say(where is null ? message : error is InvalidTextException text
            ? string.Create(CultureInfo.InvariantCulture, $"{where}:{text.Line}:{text.Column}: {text.Rule}")
            : $"{where}: {message}");
        if (error is InvalidFilterException filter) Point(filter);
        if (Environment.GetEnvironmentVariable("ARROWCID_DEBUG") == "1") Console.Error.WriteLine(error);
        return exit;
    }

    private static string WithoutParameter(ArgumentException e) =>
        e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal);

    /// <summary>Shows the filter's text around the place, and the place below it.</summary>
    private static void Point(InvalidFilterException error)
    {
        const int Around = 60;
        int from = Math.Max(0, error.Position - Around);
        int to = Math.Min(error.Filter.Length, error.Position + Around);
        Console.Error.WriteLine($"  {OneLine(error.Filter[from..to])}");
        int length = Width(error.Filter[error.Position..Math.Min(to, error.Position + error.Length)]);
        string space = new(' ', Width(error.Filter[from..error.Position]));
        Console.Error.WriteLine($"  {space}{new string('^', Math.Max(1, length))}");
    }

    private static string OneLine(string text) => string.Concat(text.EnumerateRunes()
        .Select(rune => Rune.IsControl(rune) || rune == Rune.ReplacementChar ? " " : rune.ToString()));

    private static int Width(string text) => text.EnumerateRunes().Count();

    /// <summary>Says a sentence on standard error, in one line whatever it quotes.</summary>
    public static void Say(string message) => Console.Error.WriteLine($"arrowcid: {Visible(message)}");

    /// <summary>A reader that has seen enough is no error.</summary>
    public static bool IsBrokenPipe(Exception error) => error is IOException { HResult: BrokenPipe };

    /// <summary>A text of foreign origin without what a terminal would take for commands.</summary>
    public static string Visible(string text) => text.Any(IsHidden)
        ? string.Concat(text.Select(c => IsHidden(c)
            ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
            : c.ToString()))
        : text;

    /// <summary>Whether a character moves a terminal's cursor or reorders the text around it.</summary>
    private static bool IsHidden(char c) => char.IsControl(c)
        || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>Says that a block is not there; where its record was damaged, in which file that stands.</summary>
    public static ArrowCidException NoBlock(string cid, CidStore store)
    {
        string words = $"no block {cid} in {store.Directory}; 'arrowcid ls' lists what is there";
        return Cid.TryParse(cid, out Cid parsed)
            ? store.Proofs.NotHere(parsed, words)
            : new ArrowCidException(ErrorCode.BlockNotFound, words);
    }
}
