using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Cli.Inputs;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>car piece</c>, and how <c>export car --piece</c> prints the same.</summary>
internal static class CarPieceVerb
{
    public static Verb Make()
    {
        Argument<string[]> files = Verb.Inputs("CARs, or other files,");
        Option<long?> size = Verb.Size("--size", 1,
            "The padded size of the piece, a power of two such as 32GiB. Default: the smallest that holds the file.");
        Option<bool> json = Verb.Json();
        var verb = new Verb("piece",
            "Compute the Filecoin piece commitment (CommP) of files. The output is CID  CID-V2  PADDED-SIZE  BYTES  " +
            "FILE per file: the piece CID that deals name, its form of FRC-0069, and the sizes with and without " +
            "padding.",
            "arrowcid car piece batches.car",
            "arrowcid car piece --size 32GiB batches.car",
            "arrowcid export car @prices -o - | arrowcid car piece -")
        {
            files, size, json,
        };
        verb.SetAction(parsed =>
        {
            using var output = Output.Open();
            return Input.ForEach(parsed.GetValue(files)!, file =>
            {
                using Stream stream = Input.Open(file);
                var piece = PieceCommitment.Compute(stream, parsed.GetValue(size) ?? 0);
                if (!parsed.GetValue(json)) Print(output, piece, file);
                else output.JsonLine(writer =>
                {
                    writer.WriteString("file", file);
                    WriteMembers(writer, piece);
                });
            });
        });
        return verb;
    }

    /// <summary>The option <c>--piece [SIZE]</c>: null where it is not given, 0 without a size.</summary>
    public static Option<long?> Option()
    {
        Option<long?> option = Verb.Size("--piece", 1,
            "Also compute the Filecoin piece commitment of the CAR and print it as 'car piece' does; with a SIZE " +
            "such as 32GiB, that of a piece of this padded size.");
        option.Arity = ArgumentArity.ZeroOrOne;
        Func<ArgumentResult, long?> size = option.CustomParser!;
        option.CustomParser = result => result.Tokens.Count == 0 ? 0 : size(result);
        return option;
    }

    /// <summary>What <see cref="Option"/> was given: null, 0 or a size.</summary>
    public static long? Read(ParseResult parsed, Option<long?> option) =>
        parsed.GetResult(option) is null ? null : parsed.GetValue(option) ?? 0;

    public static void Print(Output output, PieceCommitment piece, string file) =>
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{piece.Cid}  {piece.CidV2}  {piece.PaddedSize}  {piece.PayloadLength}  {CommandError.Visible(file)}"));

    public static void WriteMembers(Utf8JsonWriter writer, PieceCommitment piece)
    {
        writer.WriteString("pieceCid", piece.Cid.ToString());
        writer.WriteString("pieceCidV2", piece.CidV2.ToString());
        writer.WriteNumber("paddedSize", piece.PaddedSize);
        writer.WriteNumber("payloadBytes", piece.PayloadLength);
    }
}
