using Microsoft.Extensions.Options;

namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>Checks the options of a store when the host starts.</summary>
/// <param name="name">The name of the options.</param>
internal sealed class ArrowCidOptionsValidation(string name) : IValidateOptions<ArrowCidOptions>
{
    private const long LeastCapacity = 8 << 20;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? checkedName, ArrowCidOptions options)
    {
        if (checkedName != name) return ValidateOptionsResult.Skip;
        var failures = new List<string>();
        if (options.Directory is { Length: 0 })
            failures.Add("ArrowCid Directory: it is empty; name a directory, or leave it out for the default");
        if (options.Capacity is < 0 or (> 0 and < LeastCapacity))
            failures.Add($"ArrowCid Capacity: {options.Capacity} bytes are too few; use 8 MiB or more, or 0");
        if (options.SegmentSize < 0)
            failures.Add($"ArrowCid SegmentSize: {options.SegmentSize} is negative; use whole MiB, or 0");
        if (options.Timeout < TimeSpan.Zero)
            failures.Add($"ArrowCid Timeout: {options.Timeout} is negative; use zero or more");
        if (!Enum.IsDefined(options.Durability) || !Enum.IsDefined(options.Verify) ||
            !Enum.IsDefined(options.Retention))
            failures.Add("ArrowCid: Durability, Verify or Retention has no such value; use a named one");
        if (options.Maintenance is { } maintenance)
        {
            if (maintenance.Interval <= TimeSpan.Zero)
                failures.Add($"ArrowCid Maintenance Interval: {maintenance.Interval} is not above zero; use more");
            if (maintenance.Share is not (> 0 and <= 1))
                failures.Add($"ArrowCid Maintenance Share: {maintenance.Share} is not above 0 and at most 1");
            if (options.ReadOnly)
                failures.Add("ArrowCid Maintenance: a store that is read only cannot be maintained; change one");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
