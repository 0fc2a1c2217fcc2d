using System.Globalization;
using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>Every language's list of error codes is <see cref="ErrorCode"/>; Node's names come from the C
/// library.</summary>
public sealed class ErrorCodeTests
{
    private static readonly SortedDictionary<int, string> s_codes =
        new(Enum.GetValues<ErrorCode>().ToDictionary(code => (int)code, code => Folded(code.ToString())));

    [Theory]
    [InlineData("interop/c/arrowcid.h", @"#define ARROWCID_OK 0\n", @"\n\n", @"^#define ARROWCID_(\w+) (\d+)\b")]
    [InlineData("interop/python/arrowcid/_errors.py", @"class ErrorCode\(", @"\nclass ", @"^    ([A-Z_]+) = (\d+)$")]
    [InlineData("interop/rust/src/error.rs", @"\ncodes! \{", @"\n\}", @"^    (\w+) = (\d+),$")]
    public void A_languages_codes_are_the_librarys(string path, string start, string end, string code)
    {
        var listed = new SortedDictionary<int, string>(Regex.Matches(Part(path, start, end), code, RegexOptions.Multiline)
            .ToDictionary(match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture),
                match => Folded(match.Groups[1].Value)));
        Assert.Equal(s_codes, listed);
    }

    [Fact]
    public void The_C_library_has_a_name_for_every_code()
    {
        string part = Part("src/ArrowCid.Native/exports.c", @"\*arrowcid_error_name\(", @"\n\}");
        IEnumerable<string> named = Regex.Matches(part, @"\bNAME\((\w+)\);").Select(match => Folded(match.Groups[1].Value));
        Assert.Equal(["NOTHING", "OK", .. s_codes.Values], named);
    }

    /// <summary>What stands between two patterns.</summary>
    private static string Part(string path, string start, string end)
    {
        string text = File.ReadAllText(Path.Combine(Command.Root, path));
        Match first = Regex.Match(text, start);
        Assert.True(first.Success, path);
        text = text[(first.Index + first.Length)..];
        Match last = Regex.Match(text, end);
        return last.Success ? text[..last.Index] : text;
    }

    /// <summary>A name without regard to how a language writes it.</summary>
    private static string Folded(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();
}
