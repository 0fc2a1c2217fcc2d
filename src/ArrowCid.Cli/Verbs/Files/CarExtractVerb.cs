using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>car extract</c>: a file out of a bundle.</summary>
internal static class CarExtractVerb
{
    public static Verb Make()
    {
        Argument<string> file = Verb.File("FILE", "The bundle, as 'arrowcid bundle' writes it.");
        Argument<string?> name = Verb.Optional("NAME", "The file in it. Default: the names are listed.");
        var to = new Option<string>("-o", "--output")
        {
            HelpName = "PATH",
            Description = "The file to write; - is standard output.",
            DefaultValueFactory = _ => OutputFile.StandardOutput,
        };
        var verb = new Verb("extract",
            "Extract a file of a bundle, or list its files. The whole bundle is hashed first, and nothing is " +
            "written if a byte of it was changed.",
            "arrowcid car extract report.car verify.py -o verify.py",
            "arrowcid car extract report.car")
        {
            file, name, to,
        };
        verb.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            using Stream stream = Input.OpenSeekable(path);
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files = CarBundle.ReadFiles(stream);
            if (parsed.GetValue(name) is not { } wanted)
            {
                using var output = Output.Open();
                foreach (string one in files.Keys.Order(StringComparer.Ordinal)) output.Line(CommandError.Visible(one));
                return 0;
            }

            if (!files.TryGetValue(wanted, out ReadOnlyMemory<byte> bytes))
                throw new ArrowCidException(ErrorCode.NameNotFound, $"{path} holds no file '{wanted}'");
            OutputFile.Write(parsed.GetValue(to)!, target => target.Write(bytes.Span));
            return 0;
        });
        return verb;
    }
}
