using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>Finds the difference of two sets from the symbols of both: symbols that hold one item alone are peeled, one
/// after another.</summary>
/// <param name="hash">The hash of the session.</param>
internal sealed class SketchDecoder(SyncHash hash)
{
    private readonly List<CodedSymbol> _symbols = [];
    private readonly List<(Digest256 Item, ulong Code, int Sign)> _found = [];
    private readonly Stack<int> _open = new();

    /// <summary>The number of symbols that it has seen.</summary>
    public int Count => _symbols.Count;

    /// <summary>Whether the whole difference is known.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The items that the other side alone has.</summary>
    public IEnumerable<Digest256> There => _found.Where(found => found.Sign > 0).Select(found => found.Item);

    /// <summary>The items that this side alone has.</summary>
    public IEnumerable<Digest256> Here => _found.Where(found => found.Sign < 0).Select(found => found.Item);

    /// <summary>Takes the next symbols of both sides.</summary>
    /// <returns>False where they are no symbols of sets: more items came out of them than there are symbols.</returns>
    public bool Take(ReadOnlySpan<CodedSymbol> there, ReadOnlySpan<CodedSymbol> here)
    {
        int first = _symbols.Count;
        for (int i = 0; i < there.Length; i++)
        {
            CodedSymbol symbol = there[i];
            symbol.Subtract(in here[i]);
            _symbols.Add(symbol);
        }

        Span<CodedSymbol> all = CollectionsMarshal.AsSpan(_symbols);
        foreach ((Digest256 item, ulong code, int sign) in _found)
            Sketch.Add(in item, code, -sign, first, all[first..]);
        for (int i = first; i < all.Length; i++) _open.Push(i);
        while (_open.TryPop(out int at))
        {
            if (all[at].Count is not (1 or -1)) continue;
            Digest256 item = all[at].Digest;
            ulong code = hash.Of(in item);
            if (code != all[at].Check) continue;
            if (_found.Count == all.Length) return false;
            int sign = (int)all[at].Count;
            _found.Add((item, code, sign));
            for (var position = new SymbolPositions(code); position.Current < (ulong)all.Length; position.Next())
            {
                all[(int)position.Current].Add(in item, code, -sign);
                _open.Push((int)position.Current);
            }
        }

        IsDone = all.Length > 0 && all[0].IsZero && !_symbols.Exists(symbol => !symbol.IsZero);
        return true;
    }
}
