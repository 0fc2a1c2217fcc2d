using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>What a put of many files says to a person on standard error: one line of state while it runs, and a total
/// at its end. Where standard error is not a terminal it says nothing.</summary>
internal sealed class PutReport(int files) : IDisposable
{
    /// <summary>Hears of each batch that is stored.</summary>
    public Action<PutResult>? OnPut { get; init; }

    private readonly Progress _progress = new("");
    private int _read;
    private long _batches, _rows, _bytes, _new;

    /// <summary>A file is about to be read.</summary>
    public void Begin(string file)
    {
        _read++;
        if (files > 1) _progress.Show(string.Create(CultureInfo.InvariantCulture,
            $"file {_read:N0} of {files:N0}, {_batches:N0} batches, " +
            $"{SizeText.Of(_bytes)}: {CommandError.Visible(file)}"));
    }

    /// <summary>A batch is stored.</summary>
    public void Add(PutResult put)
    {
        _progress.Clear();
        (_batches, _rows, _bytes) = (_batches + 1, _rows + put.Rows, _bytes + put.ByteLength);
        if (put.IsNew) _new++;
        OnPut?.Invoke(put);
    }

    /// <summary>Clears the state and says the total.</summary>
    public void Dispose()
    {
        _progress.Dispose();
        if (_batches < 2 || Console.IsErrorRedirected) return;
        CommandError.Say(string.Create(CultureInfo.InvariantCulture,
            $"total: {_read:N0} files, {_batches:N0} batches, {_rows:N0} rows, {SizeText.Of(_bytes)}; {_new:N0} new"));
    }
}
