using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.Parquet;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>verify</c> of a Parquet file: the CIDs that it claims, derived again from its columns.</summary>
internal static class VerifyParquet
{
    /// <summary>Whether an argument means a file; a CID or a name is none.</summary>
    public static bool IsFile(string text) =>
        Input.NameOf(text).EndsWith(".parquet", StringComparison.Ordinal) || File.Exists(text);

    /// <summary>Proves a file.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string file, Output output, bool json)
    {
        using var reader = ParquetReader.Open(Input.OpenSeekable(file));
        int exit = 0;
        foreach (ParquetVerifyResult result in reader.Verify())
        {
            Print(output, file, result, json);
            if (!result.IsIntact && exit == 0)
                exit = ErrorTable.ExitCode(result.Error?.Code ?? ErrorCode.BlockCorrupt);
        }

        return exit;
    }

    private static void Print(Output output, string file, ParquetVerifyResult result, bool json)
    {
        string place = string.Create(CultureInfo.InvariantCulture, $"{file}#{result.Group}");
        if (!json)
        {
            string state = result.IsIntact ? "ok" : CommandError.Visible(ParquetExport.Describe(result));
            output.Line($"{result.Claimed}  {state}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", result.Claimed.ToString());
            writer.WriteBoolean("isIntact", result.IsIntact);
            writer.WriteString("location", place);
            if (result.IsIntact) return;
            writer.WriteString("error", ParquetExport.Describe(result));
            if (result.Column is not null) writer.WriteString("column", result.Column);
        });
    }
}
