using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>The two sides, of files and of a store that is opened where it is needed.</summary>
internal sealed class DiffSides(string? directory, string[]? drop, RowInput rows) : IDisposable
{
    private CidStore? _store;

    public IEnumerable<DiffPart> Of(string text) =>
        IsFile(text) ? Named(text, () => Input.Batches(text, drop, rows).Select(DiffPart.Of)) : InStore(text);

    public void Dispose() => _store?.Dispose();

    /// <summary>A file that is not there is said to be missing where it looks like a file.</summary>
    private static bool IsFile(string text) => text == "-"
        || (!text.StartsWith('@') && (File.Exists(text) || text.Contains('.', StringComparison.Ordinal)));

    private IEnumerable<DiffPart> InStore(string text)
    {
        CidStore store = _store ??= StoreReading.Open(directory);
        return ExportRows.PartsOf(store, BlockReference.Resolve(store, text));
    }

    /// <summary>Parts whose faults name their file.</summary>
    private static IEnumerable<DiffPart> Named(string file, Func<IEnumerable<DiffPart>> open)
    {
        IEnumerator<DiffPart>? each = null;
        while (true)
        {
            try
            {
                each ??= open().GetEnumerator();
                if (!each.MoveNext()) break;
            }
            catch (InvalidTextException e)
            {
                throw new ArrowCidException(e.Code,
                    string.Create(CultureInfo.InvariantCulture, $"{file}:{e.Line}:{e.Column}: {e.Rule}"), e);
            }
            catch (ArrowCidException e)
            {
                throw new ArrowCidException(e.Code, $"{file}: {e.Message}", e);
            }

            yield return each.Current;
        }

        each.Dispose();
    }
}
