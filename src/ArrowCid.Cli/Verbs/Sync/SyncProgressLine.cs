using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>Shows the progress of a sync on a terminal.</summary>
internal sealed class SyncProgressLine : IProgress<SyncProgress>, IDisposable
{
    private readonly Progress _line = new("blocks");

    public void Report(SyncProgress value) => _line.Show(value.TotalBlocks == 0
        ? $"{EnumText.Of(value.Phase)} …"
        : string.Create(CultureInfo.InvariantCulture,
            $"{EnumText.Of(value.Phase)}: {value.Blocks:N0} of {value.TotalBlocks:N0} blocks, ") +
            $"{SizeText.Of(value.Bytes)} of {SizeText.Of(value.TotalBytes)}");

    public void Dispose() => _line.Dispose();
}
